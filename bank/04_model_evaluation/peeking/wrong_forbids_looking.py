# misconception: nobody may look before the end
# loses: peeking_bounds_are_valid, peeking_bounds_find_effects
def false_alarm_rate(n_looks, bound, n_sims, seed):
    rng = np.random.default_rng(seed)
    total, alarmed = np.zeros(n_sims), np.zeros(n_sims, dtype=bool)
    for look in range(1, n_looks + 1):
        total += rng.normal(size=n_sims)
        alarmed |= np.abs(total) > bound * math.sqrt(look)
    return alarmed.mean()


def bounds(n_looks):
    return np.full(n_looks, 99.0)
