# misconception: both dicts name the arms in the same order
# loses: srm_other_designs
def srm_check(counts, design, alpha=0.001):
    seen = np.array(list(counts.values()) + [0] * (len(design) - len(counts)), dtype=float)
    planned = np.array(list(design.values()), dtype=float)
    wanted = planned / planned.sum() * seen.sum()
    p = float(stats.chi2.sf(((seen - wanted) ** 2 / wanted).sum(), len(design) - 1))
    return p, "stop" if p < alpha else "ok"
