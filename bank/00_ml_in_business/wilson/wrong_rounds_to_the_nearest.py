# misconception: rounding an interval is rounding its ends
# loses: share_is_said_in_words
def wilson(right, n, z=1.96):
    share, shrink = right / n, 1 + z**2 / n
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return (share + z**2 / (2 * n) - half) / shrink, (share + z**2 / (2 * n) + half) / shrink


def say(right, n):
    low, high = wilson(right, n)
    return f"between {round(100 * low)} and {round(100 * high)} of 100 listings"
