# misconception: a step that fails is simply late
# loses: done_by_is_right, weeks_for_is_right, timeline_repeats
def totals(steps, draws, seed):
    rng = np.random.default_rng(seed)
    return sum(rng.triangular(fewest, likely, most, size=draws) for fewest, likely, most, _ in steps)


def done_by(steps, week, draws=40_000, seed=0):
    return float((totals(steps, draws, seed) <= week).mean())


def weeks_for(steps, chance, draws=40_000, seed=0):
    return float(np.quantile(totals(steps, draws, seed), chance))
