# misconception: all number types are alike; in truth int64 loses digits in float64, and int32 can't hold it
# loses: contract_finds_breaks, contract_reports_everything
def contract_diff(old, new):
    breaks = []
    for column in old:
        if column not in new:
            breaks.append((column, "removed"))
            continue
        was, now = old[column], new[column]
        if was["dtype"] != now["dtype"] and not {was["dtype"], now["dtype"]} <= {"int32", "int64", "float32", "float64"}:
            breaks.append((column, "dtype"))
        if not was["nullable"] and now["nullable"]:
            breaks.append((column, "nullable"))
        if was.get("unit") != now.get("unit"):
            breaks.append((column, "unit"))
        if "allowed" in was and not ("allowed" in now and set(now["allowed"]) <= set(was["allowed"])):
            breaks.append((column, "allowed"))
    return sorted(breaks)
