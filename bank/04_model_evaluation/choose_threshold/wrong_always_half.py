# misconception: 0.5 is the middle
# loses: threshold_costs_least, threshold_keeps_capacity, threshold_leaves_people_alone
def choose_threshold(confidence, is_right, wrong_cost, review_cost, capacity):
    return 0.5
