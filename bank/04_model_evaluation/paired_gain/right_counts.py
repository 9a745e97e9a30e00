# style: draws the three kinds of cards as a multinomial
# loses: nothing
def paired_gain(right_a, right_b, seed, n_draws=1000, level=0.95):
    n, gain = len(right_a), right_b.mean() - right_a.mean()
    better, worse = np.sum(right_b & ~right_a), np.sum(right_a & ~right_b)
    drawn = np.random.default_rng(seed).multinomial(n, [better / n, worse / n, 1 - (better + worse) / n], n_draws)
    low, high = np.quantile((drawn[:, 0] - drawn[:, 1]) / n, [(1 - level) / 2, (1 + level) / 2])
    return float(gain), float(low), float(high)
