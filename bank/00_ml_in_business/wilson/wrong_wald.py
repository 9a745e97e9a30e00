# misconception: share plus and minus 1.96 standard errors always works
# loses: interval_is_right, interval_survives_the_edges
# may lose: share_is_said_in_words
def wilson(right, n, z=1.96):
    share = right / n
    half = z * np.sqrt(share * (1 - share) / n)
    return share - half, share + half


def say(right, n):
    low, high = wilson(right, n)
    return f"between {int(np.floor(100 * low))} and {int(np.ceil(100 * high))} of 100 listings"
