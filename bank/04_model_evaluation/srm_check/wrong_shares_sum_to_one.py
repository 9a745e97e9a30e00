# misconception: the design is given in shares
# loses: srm_judges_by_p, srm_other_designs
# may lose: srm_even_splits
def srm_check(counts, design, alpha=0.001):
    seen = np.array([counts.get(arm, 0) for arm in design], dtype=float)
    planned = np.array(list(design.values()), dtype=float)
    wanted = planned * seen.sum()
    p = float(stats.chi2.sf(((seen - wanted) ** 2 / wanted).sum(), len(design) - 1))
    return p, "stop" if p < alpha else "ok"
