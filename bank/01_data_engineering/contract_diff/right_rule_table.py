# style: one small function a reason, and a comprehension
# loses: nothing
def may_hold_more(was, now):
    if "allowed" not in was:
        return False
    return "allowed" not in now or any(value not in was["allowed"] for value in now["allowed"])


RULES = {
    "dtype": lambda was, now: was["dtype"] != now["dtype"] and (was["dtype"], now["dtype"]) not in WIDENS,
    "nullable": lambda was, now: now["nullable"] > was["nullable"],
    "unit": lambda was, now: was.get("unit", "") != now.get("unit", ""),
    "allowed": may_hold_more,
}


def contract_diff(old, new):
    removed = {(column, "removed") for column in set(old) - set(new)}
    kept = set(old) & set(new)
    return sorted(
        removed | {(column, reason) for column in kept for reason, breaks in RULES.items() if breaks(old[column], new[column])}
    )
