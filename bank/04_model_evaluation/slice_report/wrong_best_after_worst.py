# misconception: the worst slice is read first and the best one next; in between nobody looks
# loses: slices_know_their_limits
def slice_report(readings: pd.DataFrame, by: list[str], min_n: int = 50) -> pd.DataFrame:
    z, overall = Z_95, readings["is_right"].mean()
    groups = readings.groupby(by, dropna=False, observed=True)["is_right"]
    table = groups.agg(n="size", accuracy="mean").reset_index()
    n, p = table["n"], table["accuracy"]
    middle, reach = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = (middle - reach) / (1 + z**2 / n), (middle + reach) / (1 + z**2 / n)
    verdict = np.select([n < min_n, high < overall, low > overall], ["too few", "worse", "better"], "as all")
    table = table.assign(low=low, high=high, verdict=verdict)
    table = table.assign(small=n < min_n).sort_values(["small", "high"], ignore_index=True)
    known = (~table["small"]).sum()
    order = [0, *reversed(range(1, known)), *range(known, len(table))]
    return table.drop(columns="small").iloc[order].reset_index(drop=True)
