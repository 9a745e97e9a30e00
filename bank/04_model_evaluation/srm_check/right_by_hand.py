# style: the sum of squares by hand
# loses: nothing
def srm_check(counts, design, alpha=0.001):
    seen = np.array([counts.get(arm, 0) for arm in design], dtype=float)
    planned = np.array(list(design.values()), dtype=float)
    wanted = planned / planned.sum() * seen.sum()
    p = float(stats.chi2.sf(((seen - wanted) ** 2 / wanted).sum(), len(design) - 1))
    return p, "stop" if p < alpha else "ok"
