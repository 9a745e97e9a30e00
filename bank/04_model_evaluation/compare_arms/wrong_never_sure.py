# misconception: an interval as wide as possible is never wrong
# loses: unit_interval_is_honest, unit_cries_no_wolf
def compare_arms(events):
    users = events.groupby(["arm", "user_id"], as_index=False)[["sessions", "sales"]].sum()
    rate, variance = {}, 0.0
    for arm in ("control", "treatment"):
        mine = users[users["arm"] == arm]
        rate[arm] = mine["sales"].sum() / mine["sessions"].sum()
        variance += ((mine["sales"] - rate[arm] * mine["sessions"]) ** 2).sum() / mine["sessions"].sum() ** 2
    lift, error = rate["treatment"] - rate["control"], 0.5
    p = 2 * stats.norm.sf(abs(lift) / error)
    return {"lift": lift, "low": lift - Z_95 * error, "high": lift + Z_95 * error, "p": float(p)}
