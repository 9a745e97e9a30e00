# misconception: 0 counts as nothing (`if rate`), so a project that just pays is refused
# loses: break_even_may_be_none
def break_even(case):
    needed = case["build"] / case["months"] + case["run_per_year"] / 12
    rate = round(case["error_now"] - needed / (case["listings_per_month"] * case["cost_per_error"]), 12)
    return rate if rate and rate > 0 else None


def sensitivity(case, change=0.3):
    table = {name: [break_even(case | {name: case[name] * f}) for f in (1 - change, 1 + change)] for name in case}
    return pd.DataFrame(table, index=["low", "high"]).T.astype(float)
