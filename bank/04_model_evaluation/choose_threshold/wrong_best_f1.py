# misconception: the best threshold has the best F1
# loses: threshold_costs_least, threshold_keeps_capacity, threshold_leaves_people_alone
# may lose: threshold_leaves_people_alone
def choose_threshold(confidence, is_right, wrong_cost, review_cost, capacity):
    def f1(threshold):
        sent = confidence < threshold
        hits = (sent & ~is_right).sum()
        return 2 * hits / max(sent.sum() + (~is_right).sum(), 1)

    return float(max([*np.unique(confidence), 2.0], key=f1))
