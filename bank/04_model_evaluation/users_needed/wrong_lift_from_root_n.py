# misconception: the lift is the two quantiles times the standard error of control
# loses: size_smallest_lift
def users_needed(p0, lift, alpha=0.05, power=0.8, ratio=1.0):
    p1, reach = p0 + lift, stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(power)
    control = reach**2 * (p0 * (1 - p0) + p1 * (1 - p1) / ratio) / lift**2
    return math.ceil(control), math.ceil(control * ratio)


def smallest_lift(p0, control, alpha=0.05, power=0.8, ratio=1.0):
    reach = stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(power)
    return reach * math.sqrt(2 * p0 * (1 - p0) / control)


def days_needed(control, treatment, users_per_day):
    return 7 * math.ceil((control + treatment) / users_per_day / 7)
