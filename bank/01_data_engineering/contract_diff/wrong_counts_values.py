# misconception: three values before, three values after: nothing new
# loses: contract_finds_breaks
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
        if "allowed" in was and not ("allowed" in now and len(now["allowed"]) <= len(was["allowed"])):
            breaks.append((column, "allowed"))
    return sorted(breaks)
