# misconception: another dtype is another contract; in truth every int32 is an int64
# loses: contract_lets_feeds_grow
def contract_diff(old, new):
    breaks = []
    for column in old:
        if column not in new:
            breaks.append((column, "removed"))
            continue
        was, now = old[column], new[column]
        if was["dtype"] != now["dtype"]:
            breaks.append((column, "dtype"))
        if not was["nullable"] and now["nullable"]:
            breaks.append((column, "nullable"))
        if was.get("unit") != now.get("unit"):
            breaks.append((column, "unit"))
        if "allowed" in was and not ("allowed" in now and set(now["allowed"]) <= set(was["allowed"])):
            breaks.append((column, "allowed"))
    return sorted(breaks)
