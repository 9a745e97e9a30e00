# misconception: an interval is 95 %
# loses: paired_interval_follows_level
def paired_gain(right_a, right_b, seed, n_draws=1000, level=0.95):
    rng, n = np.random.default_rng(seed), len(right_a)
    cards = rng.integers(0, n, (n_draws, n))
    gains = right_b[cards].mean(axis=1) - right_a[cards].mean(axis=1)
    low, high = np.quantile(gains, [0.025, 0.975])
    return float(right_b.mean() - right_a.mean()), float(low), float(high)
