# style: dollars over the whole horizon, a loop for the table
# loses: nothing
def break_even(case):
    spent = case["build"] + case["run_per_year"] * case["months"] / 12
    answers = case["listings_per_month"] * case["months"]
    may_stay = case["error_now"] * answers * case["cost_per_error"] - spent
    return None if may_stay < 0 else may_stay / (answers * case["cost_per_error"])


def sensitivity(case, change=0.3):
    table = pd.DataFrame(np.nan, index=list(case), columns=["low", "high"])
    for name in case:
        for side, sign in (("low", -1), ("high", 1)):
            moved = dict(case)
            moved[name] *= 1 + sign * change
            rate = break_even(moved)
            if rate is not None:
                table.loc[name, side] = rate
    return table
