# misconception: a confidence is a chance, so compare it with the costs
# loses: threshold_costs_least
# may lose: threshold_keeps_capacity, threshold_leaves_people_alone
def choose_threshold(confidence, is_right, wrong_cost, review_cost, capacity):
    threshold = max(0.0, 1 - review_cost / wrong_cost)
    return min(threshold, float(np.quantile(confidence, capacity))) if capacity < 1 else threshold
