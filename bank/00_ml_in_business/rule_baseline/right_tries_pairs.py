# style: every pair of conditions from a list, by dollars
# loses: nothing
def rule_baseline(history, miss, check):
    gain = (miss * (history["sold_price"] >= 10) - check).to_numpy()
    by_rarity = pd.Series(gain, index=history.index).groupby(history["rarity"]).sum()
    singles = [("rarity", "in", list(by_rarity[by_rarity > 0].index))]
    if "photos" in history:
        singles += [("photos", ">=", limit) for limit in (2, 3, 4, 5)]
    if "condition" in history:
        singles += [("condition", "in", ["near mint", "played"])]
    rules = [{"join": "any", "conditions": [one]} for one in singles]
    rules += [
        {"join": join, "conditions": [one, other]}
        for join in ("any", "all")
        for place, one in enumerate(singles)
        for other in singles[place + 1 :]
    ]
    return max(rules, key=lambda rule: gain[flags(rule, history)].sum())
