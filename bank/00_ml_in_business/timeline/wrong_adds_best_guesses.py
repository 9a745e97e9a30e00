# misconception: the likeliest total is the sum of the likeliest parts
# loses: done_by_is_right, weeks_for_is_right, timeline_repeats
def done_by(steps, week, draws=40_000, seed=0):
    return float(sum(likely for _, likely, _, _ in steps) <= week)


def weeks_for(steps, chance, draws=40_000, seed=0):
    return sum(likely for _, likely, _, _ in steps) + chance
