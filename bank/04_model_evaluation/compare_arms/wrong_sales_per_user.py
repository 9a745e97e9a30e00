# misconception: sales per user is the same question
# loses: unit_lift_is_a_ratio, unit_interval_is_honest
# may lose: unit_cries_no_wolf
def compare_arms(events):
    sales = events.groupby(["arm", "user_id"])["sales"].sum()
    t, c = sales["treatment"], sales["control"]
    lift, error = t.mean() - c.mean(), math.sqrt(t.var() / len(t) + c.var() / len(c)) or 1.0
    p = 2 * stats.norm.sf(abs(lift) / error)
    return {"lift": lift, "low": lift - Z_95 * error, "high": lift + Z_95 * error, "p": float(p)}
