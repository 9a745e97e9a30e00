# misconception: a chance of .3 to do it twice makes a step 1.3 times as long
# loses: done_by_is_right, weeks_for_is_right
# may lose: timeline_repeats
def totals(steps, draws, seed):
    rng = np.random.default_rng(seed)
    return sum((1 + again) * rng.triangular(low, mode, high, size=draws) for low, mode, high, again in steps)


def done_by(steps, week, draws=40_000, seed=0):
    return float((totals(steps, draws, seed) <= week).mean())


def weeks_for(steps, chance, draws=40_000, seed=0):
    return float(np.quantile(totals(steps, draws, seed), chance))
