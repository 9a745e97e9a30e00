# misconception: F1 balances misses and false alarms, so it balances their dollars
# loses: rule_saves_dollars
def rule_baseline(history, miss, check):
    dear = history["sold_price"] >= 10
    by_share = dear.groupby(history["rarity"]).mean().sort_values(ascending=False)

    def f1(names):
        sent = history["rarity"].isin(names)
        return 2 * (sent & dear).sum() / (sent.sum() + dear.sum())

    best = max(range(1, len(by_share)), key=lambda n: f1(by_share.index[:n]))
    return {"join": "any", "conditions": [("rarity", "in", list(by_share.index[:best]))]}
