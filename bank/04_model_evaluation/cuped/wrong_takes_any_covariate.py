# misconception: the better it correlates, the better
# loses: cuped_refuses_what_came_after
def cuped(users, metric, covariate, windows):
    known = users[covariate].notna()
    x, y = users[covariate][known], users[metric][known].astype(float)
    theta = ((x - x.mean()) * (y - y.mean())).sum() / max(((x - x.mean()) ** 2).sum(), 1e-300)
    adjusted = users[metric].astype(float)
    adjusted[known] = y - theta * (x - x.mean())
    return adjusted
