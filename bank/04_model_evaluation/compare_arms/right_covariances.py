# style: the textbook's delta method with variances and a covariance
# loses: nothing
def compare_arms(events):
    users = events.groupby("user_id").agg(arm=("arm", "first"), v=("sessions", "sum"), s=("sales", "sum"))

    def told(group):
        r, n, mean = group["s"].sum() / group["v"].sum(), len(group), group["v"].mean()
        c = group[["s", "v"]].cov().to_numpy()
        return r, (c[0, 0] - 2 * r * c[0, 1] + r**2 * c[1, 1]) / n / mean**2

    (r0, v0), (r1, v1) = (told(users[users["arm"] == arm]) for arm in ("control", "treatment"))
    error = math.sqrt(v0 + v1) or 1.0
    z = (r1 - r0) / error
    return {"lift": r1 - r0, "low": r1 - r0 - 1.96 * error, "high": r1 - r0 + 1.96 * error, "p": 2 * stats.norm.cdf(-abs(z))}
