# misconception: between the fewest and the most, all weeks are alike
# loses: done_by_is_right, weeks_for_is_right
# may lose: timeline_repeats
def totals(steps, draws, seed):
    rng = np.random.default_rng(seed)
    total = np.zeros(draws)
    for low, _, high, again in steps:
        rounds = rng.uniform(low, high, size=(2, draws))
        total += rounds[0] + rounds[1] * (rng.random(draws) < again)
    return total


def done_by(steps, week, draws=40_000, seed=0):
    return float((totals(steps, draws, seed) <= week).mean())


def weeks_for(steps, chance, draws=40_000, seed=0):
    return float(np.quantile(totals(steps, draws, seed), chance))
