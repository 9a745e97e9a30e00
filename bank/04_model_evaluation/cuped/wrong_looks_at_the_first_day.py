# misconception: it began before, so it's from before
# loses: cuped_refuses_what_came_after
def cuped(users, metric, covariate, windows):
    if covariate not in windows or windows[covariate][0] >= 0:
        raise ValueError(covariate)
    known = users[covariate].notna()
    x, y = users[covariate][known], users[metric][known].astype(float)
    theta = ((x - x.mean()) * (y - y.mean())).sum() / max(((x - x.mean()) ** 2).sum(), 1e-300)
    adjusted = users[metric].astype(float)
    adjusted[known] = y - theta * (x - x.mean())
    return adjusted
