# misconception: 91 of 100 cards are cheap, so "cheap" is a good answer
# loses: rule_uses_what_is_known, rule_saves_dollars
def rule_baseline(history, miss, check):
    return {"join": "any", "conditions": [("rarity", "in", [])]}
