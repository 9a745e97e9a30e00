# misconception: random means that no two runs agree
# loses: timeline_repeats
def totals(steps, draws):
    total = np.zeros(draws)
    for low, mode, high, again in steps:
        rounds = np.random.triangular(low, mode, high, size=(2, draws))
        total += rounds[0] + rounds[1] * (np.random.random(draws) < again)
    return total


def done_by(steps, week, draws=40_000, seed=0):
    return float((totals(steps, draws) <= week).mean())


def weeks_for(steps, chance, draws=40_000, seed=0):
    return float(np.quantile(totals(steps, draws), chance))
