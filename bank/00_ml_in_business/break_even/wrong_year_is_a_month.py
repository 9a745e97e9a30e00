# misconception: running costs are running costs
# loses: break_even_is_exact
def break_even(case):
    needed = case["build"] / case["months"] + case["run_per_year"]
    rate = case["error_now"] - needed / (case["listings_per_month"] * case["cost_per_error"])
    return rate if rate >= 0 else None


def sensitivity(case, change=0.3):
    table = {name: [break_even(case | {name: case[name] * f}) for f in (1 - change, 1 + change)] for name in case}
    return pd.DataFrame(table, index=["low", "high"]).T.astype(float)
