# misconception: who can check, should check
# loses: threshold_costs_least, threshold_leaves_people_alone
# may lose: threshold_keeps_capacity
def choose_threshold(confidence, is_right, wrong_cost, review_cost, capacity):
    allowed = [one for one in [0.0, *np.unique(confidence), 2.0] if (confidence < one).mean() <= capacity]
    return float(allowed[-1])
