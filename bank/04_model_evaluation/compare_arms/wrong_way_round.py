# misconception: control minus treatment
# loses: unit_lift_is_a_ratio, unit_interval_is_honest
def compare_arms(events):
    users = events.groupby(["arm", "user_id"], as_index=False)[["sessions", "sales"]].sum()
    rate, variance = {}, 0.0
    for arm in ("control", "treatment"):
        mine = users[users["arm"] == arm]
        rate[arm] = mine["sales"].sum() / mine["sessions"].sum()
        variance += ((mine["sales"] - rate[arm] * mine["sessions"]) ** 2).sum() / mine["sessions"].sum() ** 2
    lift, error = rate["control"] - rate["treatment"], np.sqrt(variance) + 1e-12
    p = 2 * stats.norm.sf(abs(lift) / error)
    return {"lift": lift, "low": lift - Z_95 * error, "high": lift + Z_95 * error, "p": float(p)}
