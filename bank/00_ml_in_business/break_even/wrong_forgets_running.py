# misconception: a model costs what it costs to build
# loses: break_even_is_exact
def break_even(case):
    at_stake = case["listings_per_month"] * case["cost_per_error"] * case["months"]
    rate = case["error_now"] - case["build"] / at_stake
    return rate if rate >= 0 else None


def sensitivity(case, change=0.3):
    table = {name: [break_even(case | {name: case[name] * f}) for f in (1 - change, 1 + change)] for name in case}
    return pd.DataFrame(table, index=["low", "high"]).T.astype(float)
