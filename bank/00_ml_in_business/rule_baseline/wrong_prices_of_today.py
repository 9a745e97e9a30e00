# misconception: the two prices are what they are in the notebook
# loses: rule_saves_dollars
def rule_baseline(history, miss, check):
    gain = MISS * (history["sold_price"] >= DEAR) - CHECK
    worth = gain.groupby(history["rarity"]).sum()
    return {"join": "any", "conditions": [("rarity", "in", list(worth[worth > 0].index))]}
