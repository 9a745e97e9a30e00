# misconception: an arm that nobody saw doesn't take part
# loses: srm_other_designs
def srm_check(counts, design, alpha=0.001):
    design = {arm: share for arm, share in design.items() if arm in counts}
    seen = np.array([counts.get(arm, 0) for arm in design], dtype=float)
    planned = np.array(list(design.values()), dtype=float)
    wanted = planned / planned.sum() * seen.sum()
    p = float(stats.chi2.sf(((seen - wanted) ** 2 / wanted).sum(), len(design) - 1))
    return p, "stop" if p < alpha else "ok"
