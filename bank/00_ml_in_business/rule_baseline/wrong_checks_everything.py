# misconception: a miss costs more than a check, so check all
# loses: rule_uses_what_is_known, rule_saves_dollars
# may lose: brief_numbers_agree
def rule_baseline(history, miss, check):
    return {"join": "any", "conditions": [("photos", ">=", 1)]}
