# misconception: an interval that leaves 0 to 1 only needs to be cut
# loses: interval_is_right, interval_survives_the_edges
# may lose: share_is_said_in_words
def wilson(right, n, z=1.96):
    share = right / n
    half = z * np.sqrt(share * (1 - share) / n)
    return max(0.0, share - half), min(1.0, share + half)


def say(right, n):
    low, high = wilson(right, n)
    return f"between {int(np.floor(100 * low))} and {int(np.ceil(100 * high))} of 100 listings"
