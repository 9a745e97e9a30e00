# misconception: people will find the time
# loses: threshold_keeps_capacity, threshold_leaves_people_alone
def choose_threshold(confidence, is_right, wrong_cost, review_cost, capacity):
    best, least = 0.0, (~is_right).sum() * wrong_cost
    for threshold in [*np.unique(confidence), 2.0]:
        sent = confidence < threshold
        cost = sent.sum() * review_cost + (~sent & ~is_right).sum() * wrong_cost
        if cost < least:
            best, least = threshold, cost
    return float(best)
