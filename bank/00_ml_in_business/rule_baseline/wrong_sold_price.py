# misconception: a column is there in the history, so it may be used
# loses: rule_uses_what_is_known
def rule_baseline(history, miss, check):
    return {"join": "any", "conditions": [("sold_price", ">=", 10)]}
