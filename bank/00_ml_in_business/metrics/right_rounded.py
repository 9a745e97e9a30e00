# style: one entry after the other, thresholds rounded to three decimals, precision on the flagged
# loses: nothing
METRICS = {}
METRICS["R1"] = {"metric": "recall", "threshold": 0.917, "slice": "all", "data": "sold_price"}
METRICS["R2"] = {"metric": "share_within_20_percent", "threshold": 0.9, "slice": "each_price_band", "data": "sold_price"}
METRICS["R3"] = {"metric": "precision", "threshold": 0.125, "slice": "flagged", "data": "sold_price"}
METRICS["R4"] = {"metric": "p95_latency", "threshold": 0.5, "slice": "sunday_evening", "data": "request_log"}
METRICS["R5"] = {"metric": "accuracy", "threshold": 0.94, "slice": "all", "data": "true_type"}
METRICS["R6"] = {"metric": "recall", "threshold": 0.9, "slice": "german", "data": "sold_price"}
