# style: a dict of lists, rows sorted by a key function
# loses: nothing
def slice_report(readings, by, min_n=50):
    overall, groups = readings["is_right"].mean(), {}
    for *values, is_right in readings[[*by, "is_right"]].itertuples(index=False):
        key = tuple("missing" if pd.isna(value) else value for value in values)
        groups.setdefault(key, (values, []))[1].append(bool(is_right))
    rows = []
    for values, rights in groups.values():
        n = len(rights)
        p = sum(rights) / n
        reach = Z_95 * math.sqrt(p * (1 - p) / n + Z_95**2 / (4 * n * n))
        low = (p + Z_95**2 / (2 * n) - reach) / (1 + Z_95**2 / n)
        high = (p + Z_95**2 / (2 * n) + reach) / (1 + Z_95**2 / n)
        verdict = "too few" if n < min_n else "worse" if high < overall else "better" if low > overall else "as all"
        rows.append([*values, n, p, low, high, verdict])
    rows.sort(key=lambda row: (row[-1] == "too few", row[-2]))
    return pd.DataFrame(rows, columns=[*by, "n", "accuracy", "low", "high", "verdict"])
