# misconception: n is the number of cards in the table
# loses: slices_have_intervals, slices_find_what_is_surely_bad, slices_know_their_limits
def slice_report(readings, by, min_n=50):
    z, overall = Z_95, readings["is_right"].mean()
    groups = readings.groupby(by, dropna=False, observed=True)["is_right"]
    table = groups.agg(n="size", accuracy="mean").reset_index()
    n, p = len(readings), table["accuracy"]
    middle, reach = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    table["low"], table["high"] = (middle - reach) / (1 + z**2 / n), (middle + reach) / (1 + z**2 / n)
    table["verdict"] = np.select(
        [table["n"] < min_n, table["high"] < overall, table["low"] > overall], ["too few", "worse", "better"], "as all"
    )
    table["small"] = table["n"] < min_n
    return table.sort_values(["small", "high"], ignore_index=True)
