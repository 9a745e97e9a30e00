# misconception: without "allowed" no value may come; in truth any may
# loses: contract_reports_everything
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
        if set(now.get("allowed", [])) - set(was.get("allowed", [])):
            breaks.append((column, "allowed"))
    return sorted(breaks)
