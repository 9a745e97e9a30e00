# misconception: a draw is a half of the cards
# loses: paired_interval_covers
def paired_gain(right_a, right_b, seed, n_draws=1000, level=0.95):
    rng, n = np.random.default_rng(seed), len(right_a)
    cards = rng.integers(0, n, (n_draws, n))
    half_of = np.argsort(rng.random((n_draws, n)), axis=1)[:, : 4 * n // 5]
    cards = half_of
    gains = right_b[cards].mean(axis=1) - right_a[cards].mean(axis=1)
    low, high = np.quantile(gains, [(1 - level) / 2, (1 + level) / 2])
    return float(right_b.mean() - right_a.mean()), float(low), float(high)
