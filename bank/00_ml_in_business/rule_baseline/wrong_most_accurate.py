# misconception: the best rule is the one that is right most often
# loses: rule_saves_dollars
def rule_baseline(history, miss, check):
    share = (history["sold_price"] >= 10).groupby(history["rarity"]).mean()
    return {"join": "any", "conditions": [("rarity", "in", sorted(share[share > 0.5].index))]}
