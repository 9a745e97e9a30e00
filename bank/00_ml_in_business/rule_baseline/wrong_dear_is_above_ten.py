# misconception: a card for just $10 isn't dear
# loses: rule_saves_dollars
# may lose: rule_uses_what_is_known
def rule_baseline(history: pd.DataFrame, miss: float, check: float) -> dict:
    gain = miss * (history["sold_price"] > 10) - check
    by_rarity = gain.groupby(history["rarity"]).sum()
    first = ("rarity", "in", sorted(by_rarity[by_rarity > 0].index))
    chosen = history["rarity"].isin(first[2])
    best, rule = gain[chosen].sum(), {"join": "any", "conditions": [first]}
    for limit in range(2, 9) if "photos" in history else []:
        second = ("photos", ">=", limit)
        many = history["photos"] >= limit
        for join, flagged in (("any", chosen | many), ("all", chosen & many)):
            if gain[flagged].sum() > best:
                best, rule = gain[flagged].sum(), {"join": join, "conditions": [first, second]}
    return rule
