# misconception: a design that sums to less than 1 is one of shares
# loses: srm_other_designs
def srm_check(counts: dict[str, int], design: dict[str, float], alpha: float = 0.001) -> tuple[float, str]:
    seen = np.array([counts.get(arm, 0) for arm in design], dtype=float)
    planned = np.array(list(design.values()), dtype=float)
    result = stats.chisquare(seen, planned / max(planned.sum(), 1) * seen.sum())
    return float(result.pvalue), "stop" if result.pvalue < alpha else "ok"
