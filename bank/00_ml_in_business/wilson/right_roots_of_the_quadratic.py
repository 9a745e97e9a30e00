# style: the two shares that are just z standard errors away from what was seen
# loses: nothing
def wilson(right, n, z=1.96):
    low, high = sorted(np.roots([n + z * z, -(2 * right + z * z), right * right / n]).real)
    return low, high


def say(right, n):
    from math import ceil, floor

    low, high = (100 * end for end in wilson(right, n))
    return "between {} and {} of 100 listings".format(floor(low), ceil(high))
