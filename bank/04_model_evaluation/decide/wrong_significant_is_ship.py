# misconception: p below .05 is all a readout needs
# loses: decide_asks_the_split_first, decide_minds_the_guardrail, decide_sees_novelty, decide_counts_the_metrics, decide_tells_nothing_from_unknown
def decide(readout):
    return "ship" if any(one["p"] < 0.05 and one["lift"] > 0 for one in readout["metrics"].values()) else "don't"
