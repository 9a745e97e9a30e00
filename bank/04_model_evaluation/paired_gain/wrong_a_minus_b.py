# misconception: the first less the second
# loses: paired_gain_and_seed, paired_interval_covers
def paired_gain(right_a, right_b, seed, n_draws=1000, level=0.95):
    rng, n = np.random.default_rng(seed), len(right_a)
    cards = rng.integers(0, n, (n_draws, n))
    gains = right_a[cards].mean(axis=1) - right_b[cards].mean(axis=1)
    low, high = np.quantile(gains, [(1 - level) / 2, (1 + level) / 2])
    return float(right_a.mean() - right_b.mean()), float(low), float(high)
