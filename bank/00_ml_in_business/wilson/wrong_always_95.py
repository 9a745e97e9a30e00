# misconception: z is 1.96, whatever it is called with
# loses: interval_is_right
def wilson(right, n, z=1.96):
    z = 1.96
    share, shrink = right / n, 1 + z**2 / n
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return (share + z**2 / (2 * n) - half) / shrink, (share + z**2 / (2 * n) + half) / shrink


def say(right, n):
    low, high = wilson(right, n)
    return f"between {int(np.floor(100 * low))} and {int(np.ceil(100 * high))} of 100 listings"
