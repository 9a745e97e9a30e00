# misconception: one side of the highest z
# loses: peeking_bounds_are_valid, peeking_bounds_find_effects
def false_alarm_rate(n_looks, bound, n_sims, seed):
    rng = np.random.default_rng(seed)
    total, alarmed = np.zeros(n_sims), np.zeros(n_sims, dtype=bool)
    for look in range(1, n_looks + 1):
        total += rng.normal(size=n_sims)
        alarmed |= np.abs(total) > bound * math.sqrt(look)
    return alarmed.mean()


def bounds(n_looks):
    z = np.random.default_rng(3).normal(size=(30_000, n_looks)).cumsum(axis=1) / np.sqrt(np.arange(1, n_looks + 1))
    return np.full(n_looks, np.quantile(z.max(axis=1), 0.95))
