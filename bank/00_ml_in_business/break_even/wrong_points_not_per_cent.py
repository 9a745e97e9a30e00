# misconception: thirty per cent more of a share is thirty points more
# loses: sensitivity_moves_one_input
def break_even(case):
    needed = case["build"] / case["months"] + case["run_per_year"] / 12
    rate = case["error_now"] - needed / (case["listings_per_month"] * case["cost_per_error"])
    return rate if rate >= 0 else None


def sensitivity(case, change=0.3):
    rows = {}
    for name, value in case.items():
        steps = [value - change, value + change] if name == "error_now" else [value * (1 - change), value * (1 + change)]
        rows[name] = [break_even(case | {name: step}) for step in steps]
    return pd.DataFrame(rows, index=["low", "high"]).T.astype(float)
