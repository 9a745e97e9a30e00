# style: one array of all steps, seeded with the old generator
# loses: nothing
def totals(steps, draws, seed):
    low, mode, high, again = np.array(steps, dtype=float).T
    state = np.random.RandomState(seed)
    rounds = state.triangular(low, mode, high, size=(2, draws, len(steps)))
    second = state.uniform(size=(draws, len(steps))) < again
    return np.sort((rounds[0] + second * rounds[1]).sum(axis=1))


def done_by(steps, week, draws=40_000, seed=0):
    return float(np.searchsorted(totals(steps, draws, seed), week, side="right") / draws)


def weeks_for(steps, chance, draws=40_000, seed=0):
    return totals(steps, draws, seed)[int(chance * (draws - 1))]
