# misconception: each arm has its own slope
# loses: cuped_adjusts
def cuped(users, metric, covariate, windows):
    if covariate not in windows or windows[covariate][1] >= 0:
        raise ValueError(covariate)
    arms = users["arm"] if "arm" in users else pd.Series("all", index=users.index)
    adjusted = users[metric].astype(float)
    for arm in arms.unique():
        mine = (arms == arm) & users[covariate].notna()
        x, y = users[covariate][mine], users[metric][mine].astype(float)
        theta = np.cov(x, y)[0, 1] / x.var() if x.var() > 0 else 0.0
        adjusted[mine] = y - theta * (x - users[covariate].mean())
    return adjusted
