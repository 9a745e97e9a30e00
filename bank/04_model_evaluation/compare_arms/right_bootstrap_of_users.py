# style: 600 draws of whole users
# loses: nothing
def compare_arms(events):
    rng, draws, lift = np.random.default_rng(0), {}, {}
    for arm, rows in events.groupby("arm"):
        users = rows.groupby("user_id")[["sales", "sessions"]].sum().to_numpy(dtype=float)
        who = rng.integers(0, len(users), (600, len(users)))
        draws[arm] = users[who, 0].sum(axis=1) / users[who, 1].sum(axis=1)
        lift[arm] = users[:, 0].sum() / users[:, 1].sum()
    gap = lift["treatment"] - lift["control"]
    error = (draws["treatment"] - draws["control"]).std() + 1e-12
    p = 2 * stats.norm.sf(abs(gap) / error)
    return {"lift": gap, "low": gap - 1.96 * error, "high": gap + 1.96 * error, "p": p}
