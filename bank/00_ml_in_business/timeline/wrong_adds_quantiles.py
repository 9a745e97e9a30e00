# misconception: nine in ten of each step make nine in ten of the whole
# loses: weeks_for_is_right
def step_weeks(step, draws, rng):
    fewest, likely, most, again = step
    rounds = rng.triangular(fewest, likely, most, size=(2, draws))
    return rounds[0] + rounds[1] * (rng.random(draws) < again)


def done_by(steps, week, draws=40_000, seed=0):
    rng = np.random.default_rng(seed)
    return float((sum(step_weeks(step, draws, rng) for step in steps) <= week).mean())


def weeks_for(steps, chance, draws=40_000, seed=0):
    rng = np.random.default_rng(seed)
    return float(sum(np.quantile(step_weeks(step, draws, rng), chance) for step in steps))
