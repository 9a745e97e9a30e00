# misconception: sessions are what is measured, so n is the number of sessions
# loses: unit_interval_is_honest, unit_cries_no_wolf
def compare_arms(events):
    users = events.groupby(["arm", "user_id"], as_index=False)[["sessions", "sales"]].sum()
    rate, variance = {}, 0.0
    for arm in ("control", "treatment"):
        mine = users[users["arm"] == arm]
        rate[arm] = mine["sales"].sum() / mine["sessions"].sum()
        variance += rate[arm] * (1 - rate[arm]) / mine["sessions"].sum()
    lift, error = rate["treatment"] - rate["control"], np.sqrt(variance) + 1e-12
    p = 2 * stats.norm.sf(abs(lift) / error)
    return {"lift": lift, "low": lift - Z_95 * error, "high": lift + Z_95 * error, "p": float(p)}
