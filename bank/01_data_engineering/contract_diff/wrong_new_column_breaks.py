# misconception: a file with a column more is not the file we know
# loses: contract_lets_feeds_grow, contract_reports_everything
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
        if "allowed" in was and not ("allowed" in now and set(now["allowed"]) <= set(was["allowed"])):
            breaks.append((column, "allowed"))
    breaks += [(column, "dtype") for column in new if column not in old]
    return sorted(breaks)
