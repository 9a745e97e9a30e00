# misconception: one more condition can't hurt
# loses: rule_uses_what_is_known, rule_saves_dollars
# may lose: brief_keeps_to_its_form, brief_numbers_agree
def rule_baseline(history, miss, check):
    gain = miss * (history["sold_price"] >= 10) - check
    worth = gain.groupby(history["rarity"]).sum()
    names = list(worth[worth > 0].index)
    return {
        "join": "any",
        "conditions": [("rarity", "in", names), ("photos", ">=", 5), ("hp", ">=", 400)],
    }
