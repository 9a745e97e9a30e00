# misconception: a small p is interesting, the lift is more so
# loses: srm_even_splits, srm_other_designs, srm_judges_by_p
def srm_check(counts, design, alpha=0.001):
    seen = np.array([counts.get(arm, 0) for arm in design], dtype=float)
    planned = np.array(list(design.values()), dtype=float)
    wanted = planned / planned.sum() * seen.sum()
    p = float(stats.chi2.sf(((seen - wanted) ** 2 / wanted).sum(), len(design) - 1))
    return p, "ok"
