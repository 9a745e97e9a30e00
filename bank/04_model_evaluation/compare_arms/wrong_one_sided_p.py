# misconception: we hope for a gain, so one tail will do
# loses: unit_cries_no_wolf
def compare_arms(events: pd.DataFrame) -> dict:
    users = events.groupby(["arm", "user_id"], as_index=False)[["sessions", "sales"]].sum()
    rate, variance = {}, 0.0
    for arm in ("control", "treatment"):
        mine = users[users["arm"] == arm]
        rate[arm] = mine["sales"].sum() / mine["sessions"].sum()
        surplus = mine["sales"] - rate[arm] * mine["sessions"]
        variance += (surplus**2).sum() / mine["sessions"].sum() ** 2
    lift, error = rate["treatment"] - rate["control"], np.sqrt(variance)
    p = stats.norm.sf(abs(lift) / error) if error > 0 else 1.0
    return {"lift": lift, "low": lift - Z_95 * error, "high": lift + Z_95 * error, "p": float(p)}
