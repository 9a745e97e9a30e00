# misconception: RMSE is how one measures prices
# loses: metrics_fit_the_wish
FIELDS_OF = ("metric", "threshold", "slice", "data")
ROWS = {
    "R1": ("recall", 0.9167, "all", "sold_price"),
    "R2": ("rmse", 0.9, "each_price_band", "sold_price"),
    "R3": ("precision", 0.125, "all", "sold_price"),
    "R4": ("p95_latency", 0.5, "sunday_evening", "request_log"),
    "R5": ("accuracy", 0.94, "all", "true_type"),
    "R6": ("recall", 0.9, "german", "sold_price"),
}
METRICS = {wish: dict(zip(FIELDS_OF, row, strict=True)) for wish, row in ROWS.items()}
