# style: thresholds halfway between neighbours, all costs at once
# loses: nothing
def choose_threshold(confidence, is_right, wrong_cost, review_cost, capacity):
    values = np.sort(np.unique(confidence))
    between = np.concatenate([[0.0], (values[1:] + values[:-1]) / 2, [2.0]])
    sent = confidence[None, :] < between[:, None]
    cost = sent.sum(axis=1) * review_cost + ((~sent) & (~is_right)[None, :]).sum(axis=1) * wrong_cost
    cost = np.where(sent.mean(axis=1) <= capacity + 1e-12, cost, np.inf)
    return float(between[np.argmin(cost)])
