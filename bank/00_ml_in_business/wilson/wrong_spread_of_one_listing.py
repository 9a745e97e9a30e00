# misconception: how sure we are of the share is how much single listings differ
# loses: interval_is_right, interval_survives_the_edges, share_is_said_in_words
def wilson(right, n, z=1.96):
    share = right / n
    spread = z * np.sqrt(share * (1 - share))
    return max(0.0, share - spread), min(1.0, share + spread)


def say(right, n):
    low, high = wilson(right, n)
    return f"between {int(np.floor(100 * low))} and {int(np.ceil(100 * high))} of 100 listings"
