# misconception: whatever differs breaks; a team that cries wolf is not asked again
# loses: contract_lets_feeds_grow, contract_reports_everything
def contract_diff(old, new):
    breaks = [(column, "removed") for column in old if column not in new]
    breaks += [(column, "dtype") for column in new if column not in old]
    for column in set(old) & set(new):
        for key, reason in [("dtype", "dtype"), ("nullable", "nullable"), ("unit", "unit"), ("allowed", "allowed")]:
            if old[column].get(key) != new[column].get(key):
                breaks.append((column, reason))
    return sorted(breaks)
