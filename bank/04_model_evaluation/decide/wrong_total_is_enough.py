# misconception: two weeks together are the result
# loses: decide_sees_novelty
def decide(readout):
    total, scale = sum(readout["counts"].values()), sum(readout["design"].values())
    wanted = {arm: share / scale * total for arm, share in readout["design"].items()}
    distance = sum((readout["counts"].get(arm, 0) - n) ** 2 / n for arm, n in wanted.items())
    if stats.chi2.sf(distance, len(wanted) - 1) < 0.001:
        return "invalid"
    if readout["guardrail"]["low"] > readout["guardrail"]["limit"]:
        return "don't"
    metrics = sorted(readout["metrics"].values(), key=lambda one: one["p"])
    m = len(metrics)
    counting = []
    for rank in range(m, 0, -1):
        if metrics[rank - 1]["p"] <= 0.05 * rank / m:
            counting = metrics[:rank]
            break
    if any(one["lift"] < 0 for one in counting):
        return "don't"
    if counting:
        if readout["guardrail"]["high"] > readout["guardrail"]["limit"]:
            return "extend"
        return "ship"
    return "extend" if any(one["high"] >= readout["worth"] for one in metrics) else "don't"
