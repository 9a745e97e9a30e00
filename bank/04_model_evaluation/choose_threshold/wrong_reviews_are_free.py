# misconception: only errors cost
# loses: threshold_costs_least, threshold_leaves_people_alone
# may lose: threshold_keeps_capacity
def choose_threshold(confidence, is_right, wrong_cost, review_cost, capacity):
    best, least = 0.0, (~is_right).sum() * wrong_cost
    for threshold in [*np.unique(confidence), 2.0]:
        sent = confidence < threshold
        if sent.sum() > capacity * len(confidence):
            break
        cost = (~sent & ~is_right).sum() * wrong_cost
        if cost < least:
            best, least = threshold, cost
    return float(best)
