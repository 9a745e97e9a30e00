# misconception: an error rate can't be negative, so it's 0
# loses: break_even_may_be_none, sensitivity_moves_one_input
def break_even(case):
    needed = case["build"] / case["months"] + case["run_per_year"] / 12
    return max(0.0, case["error_now"] - needed / (case["listings_per_month"] * case["cost_per_error"]))


def sensitivity(case, change=0.3):
    table = {name: [break_even(case | {name: case[name] * f}) for f in (1 - change, 1 + change)] for name in case}
    return pd.DataFrame(table, index=["low", "high"]).T.astype(float)
