# misconception: what is no longer promised can differ from nothing
# loses: contract_reports_everything
def contract_diff(old: dict[str, dict], new: dict[str, dict]) -> list[tuple[str, str]]:
    found = []
    for column, was in old.items():
        now = new.get(column)
        if now is None:
            found.append((column, "removed"))
            continue
        dtypes = (was["dtype"], now["dtype"])
        may_come = set(now.get("allowed", [])) - set(was.get("allowed", []))
        breaks = {
            "dtype": was["dtype"] != now["dtype"] and dtypes not in WIDENS,
            "nullable": now["nullable"] and not was["nullable"],
            "unit": "unit" in now and was.get("unit") != now.get("unit"),
            "allowed": "allowed" in was and ("allowed" not in now or bool(may_come)),
        }
        found += [(column, reason) for reason, is_broken in breaks.items() if is_broken]
    return sorted(found)
