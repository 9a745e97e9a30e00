# misconception: only the price itself is a leak
# loses: rule_uses_what_is_known
# may lose: rule_saves_dollars
def rule_baseline(history, miss, check):
    gain = miss * (history["sold_price"] >= 10) - check
    best = max(range(1, 40), key=lambda limit: gain[history["watchers"] >= limit].sum())
    return {"join": "any", "conditions": [("watchers", ">=", best)]}
