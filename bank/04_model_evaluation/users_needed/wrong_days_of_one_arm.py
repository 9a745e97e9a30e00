# misconception: both arms fill at the same time, so one arm's users count
# loses: size_days
def users_needed(p0, lift, alpha=0.05, power=0.8, ratio=1.0):
    p1, reach = p0 + lift, stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(power)
    control = reach**2 * (p0 * (1 - p0) + p1 * (1 - p1) / ratio) / lift**2
    return math.ceil(control), math.ceil(control * ratio)


def smallest_lift(p0, control, alpha=0.05, power=0.8, ratio=1.0):
    low, high = 1e-6, 1 - p0 - 1e-9
    for _ in range(60):
        middle = (low + high) / 2
        if users_needed(p0, middle, alpha, power, ratio)[0] > control:
            low = middle
        else:
            high = middle
    return high


def days_needed(control, treatment, users_per_day):
    return 7 * math.ceil(max(control, treatment) / users_per_day / 7)
