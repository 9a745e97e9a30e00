# misconception: the worst case is the table's every row
# loses: sensitivity_moves_one_input
def break_even(case):
    needed = case["build"] / case["months"] + case["run_per_year"] / 12
    rate = case["error_now"] - needed / (case["listings_per_month"] * case["cost_per_error"])
    return rate if rate >= 0 else None


def sensitivity(case, change=0.3):
    ends = [break_even({name: value * f for name, value in case.items()}) for f in (1 - change, 1 + change)]
    return pd.DataFrame([ends] * len(case), index=list(case), columns=["low", "high"]).astype(float)
