# style: the normal interval, which that of the bootstrap comes close to on so many cards
# loses: nothing
def paired_gain(right_a, right_b, seed, n_draws=1000, level=0.95):
    surplus = right_b.astype(float) - right_a
    gain = float(surplus.mean())
    reach = float(stats.norm.ppf((1 + level) / 2) * surplus.std() / math.sqrt(len(surplus)))
    return gain, gain - reach, gain + reach
