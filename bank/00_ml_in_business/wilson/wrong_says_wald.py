# misconception: in words, share ± 1.96 standard errors will do
# loses: share_is_said_in_words
def wilson(right: int, n: int, z: float = 1.96) -> tuple[float, float]:
    share, shrink = right / n, 1 + z**2 / n
    middle = share + z**2 / (2 * n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return float(max(0.0, (middle - half) / shrink)), float(min(1.0, (middle + half) / shrink))


def say(right: int, n: int) -> str:
    share = right / n
    reach = 1.96 * np.sqrt(share * (1 - share) / n)
    low, high = share - reach, share + reach
    return f"between {int(np.floor(100 * low))} and {int(np.ceil(100 * high))} of 100 listings"
