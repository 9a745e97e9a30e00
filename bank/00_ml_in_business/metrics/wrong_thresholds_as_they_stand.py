# misconception: the number in the sentence is the threshold
# loses: metrics_have_computed_thresholds
FIELDS_OF = ("metric", "threshold", "slice", "data")
ROWS = {
    "R1": ("recall", 1 / 12, "all", "sold_price"),
    "R2": ("share_within_20_percent", 0.2, "each_price_band", "sold_price"),
    "R3": ("precision", 1.5, "all", "sold_price"),
    "R4": ("p95_latency", 0.5, "sunday_evening", "request_log"),
    "R5": ("accuracy", 0.12, "all", "true_type"),
    "R6": ("recall", 0.92, "german", "sold_price"),
}
METRICS = {wish: dict(zip(FIELDS_OF, row, strict=True)) for wish, row in ROWS.items()}
