# misconception: a loss is no false alarm
# loses: peeking_rate
def false_alarm_rate(n_looks, bound, n_sims, seed):
    rng = np.random.default_rng(seed)
    total, alarmed = np.zeros(n_sims), np.zeros(n_sims, dtype=bool)
    for look in range(1, n_looks + 1):
        total += rng.normal(size=n_sims)
        alarmed |= total > bound * math.sqrt(look)
    return alarmed.mean()


def bounds(n_looks):
    looks = np.arange(1, n_looks + 1)
    z = np.random.default_rng(3).normal(size=(30_000, n_looks)).cumsum(axis=1) / np.sqrt(looks)
    shape = np.sqrt(n_looks / looks)
    return np.quantile((np.abs(z) / shape).max(axis=1), 0.95) * shape
