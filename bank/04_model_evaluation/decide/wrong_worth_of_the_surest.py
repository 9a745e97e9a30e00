# misconception: the metric with the smallest p says whether it's worth going on
# loses: decide_tells_nothing_from_unknown
def decide(readout: dict) -> str:
    seen = np.array([readout["counts"].get(arm, 0) for arm in readout["design"]], dtype=float)
    planned = np.array(list(readout["design"].values()), dtype=float)
    if stats.chisquare(seen, planned / planned.sum() * seen.sum()).pvalue < 0.001:
        return "invalid"
    speed, metrics = readout["guardrail"], sorted(readout["metrics"].values(), key=lambda metric: metric["p"])
    kept = [rank for rank, metric in enumerate(metrics, 1) if metric["p"] <= 0.05 * rank / len(metrics)]
    counting = metrics[: max(kept, default=0)]
    if speed["low"] > speed["limit"] or any(metric["lift"] < 0 for metric in counting):
        return "don't"
    if counting:
        in_doubt = speed["high"] > speed["limit"] or readout["last_week"]["low"] <= 0
        return "extend" if in_doubt else "ship"
    return "extend" if metrics[0]["high"] >= readout["worth"] else "don't"
