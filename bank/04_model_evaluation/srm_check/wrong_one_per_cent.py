# misconception: a split within one point of the plan is fine
# loses: srm_even_splits, srm_judges_by_p, srm_other_designs
# may lose: srm_even_splits, srm_other_designs
def srm_check(counts, design, alpha=0.001):
    seen = np.array([counts.get(arm, 0) for arm in design], dtype=float)
    planned = np.array(list(design.values()), dtype=float)
    wanted = planned / planned.sum() * seen.sum()
    p = float(stats.chi2.sf(((seen - wanted) ** 2 / wanted).sum(), len(design) - 1))
    return p, "stop" if (np.abs(seen - wanted) / seen.sum()).max() > 0.01 else "ok"
