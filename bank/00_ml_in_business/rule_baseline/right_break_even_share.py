# style: a rarity is checked when its share of dear cards is above check / miss
# loses: nothing
def rule_baseline(history, miss, check):
    share = (history["sold_price"] >= 10).groupby(history["rarity"]).mean()
    return {"join": "all", "conditions": [["rarity", "in", share[share * miss > check].index.tolist()]]}
