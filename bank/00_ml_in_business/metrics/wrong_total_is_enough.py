# misconception: when the total is fine, everybody is fine
# loses: metrics_say_where_and_from_what
FIELDS_OF = ("metric", "threshold", "slice", "data")
ROWS = {
    "R1": ("recall", 0.9167, "all", "sold_price"),
    "R2": ("share_within_20_percent", 0.9, "all", "sold_price"),
    "R3": ("precision", 0.125, "all", "sold_price"),
    "R4": ("p95_latency", 0.5, "all", "request_log"),
    "R5": ("accuracy", 0.94, "all", "true_type"),
    "R6": ("recall", 0.9, "all", "sold_price"),
}
METRICS = {wish: dict(zip(FIELDS_OF, row, strict=True)) for wish, row in ROWS.items()}
