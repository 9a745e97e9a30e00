# misconception: a column called pre_ was counted before
# loses: cuped_refuses_what_came_after
# may lose: cuped_keeps_new_users
def cuped(users, metric, covariate, windows):
    if not (covariate.startswith("pre_") or covariate in ("a", "before")):
        raise ValueError(covariate)
    known = users[covariate].notna()
    x, y = users[covariate][known], users[metric][known].astype(float)
    theta = ((x - x.mean()) * (y - y.mean())).sum() / max(((x - x.mean()) ** 2).sum(), 1e-300)
    adjusted = users[metric].astype(float)
    adjusted[known] = y - theta * (x - x.mean())
    return adjusted
