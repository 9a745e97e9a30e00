# misconception: the difference is between the ends of two intervals
# loses: paired_interval_covers
def paired_gain(right_a, right_b, seed, n_draws=1000, level=0.95):
    rng, n = np.random.default_rng(seed), len(right_a)
    tails = [(1 - level) / 2, (1 + level) / 2]
    a, b = (np.quantile(right[rng.integers(0, n, (n_draws, n))].mean(axis=1), tails) for right in (right_a, right_b))
    return float(right_b.mean() - right_a.mean()), float(b[0] - a[1]), float(b[1] - a[0])
