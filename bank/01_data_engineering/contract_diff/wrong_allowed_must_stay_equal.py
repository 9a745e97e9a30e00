# misconception: a list of values that differs breaks; in truth fewer values, in another order, harm nobody
# loses: contract_lets_feeds_grow
def contract_diff(old, new):
    breaks = []
    for column in old:
        if column not in new:
            breaks.append((column, "removed"))
            continue
        was, now = old[column], new[column]
        if was["dtype"] != now["dtype"] and (was["dtype"], now["dtype"]) not in WIDENS:
            breaks.append((column, "dtype"))
        if not was["nullable"] and now["nullable"]:
            breaks.append((column, "nullable"))
        if was.get("unit") != now.get("unit"):
            breaks.append((column, "unit"))
        if "allowed" in was and was["allowed"] != now.get("allowed"):
            breaks.append((column, "allowed"))
    return sorted(breaks)
