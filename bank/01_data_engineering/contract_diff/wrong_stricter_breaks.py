# misconception: a change of nullable breaks either way; in truth fewer holes harm nobody
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
        if was["nullable"] != now["nullable"]:
            breaks.append((column, "nullable"))
        if was.get("unit") != now.get("unit"):
            breaks.append((column, "unit"))
        if "allowed" in was and not ("allowed" in now and set(now["allowed"]) <= set(was["allowed"])):
            breaks.append((column, "allowed"))
    return sorted(breaks)
