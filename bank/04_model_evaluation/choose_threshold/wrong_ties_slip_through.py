# misconception: the quantile of the confidences keeps the capacity
# loses: threshold_keeps_capacity
def choose_threshold(confidence, is_right, wrong_cost, review_cost, capacity):
    order = np.argsort(confidence)
    wrong = ~is_right[order]
    sent = np.arange(int(capacity * len(order) + 1e-9) + 1)
    left = wrong.sum() - np.concatenate([[0], np.cumsum(wrong)])[sent]
    best = int(np.argmin(sent * review_cost + left * wrong_cost))
    return 0.0 if best == 0 else float(np.nextafter(confidence[order][best - 1], 2.0))
