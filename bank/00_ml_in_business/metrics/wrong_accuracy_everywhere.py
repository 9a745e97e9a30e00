# misconception: right answers of all answers measures everything
# loses: metrics_fit_the_wish
FIELDS_OF = ("metric", "threshold", "slice", "data")
ROWS = {
    "R1": ("accuracy", 0.9167, "all", "sold_price"),
    "R2": ("accuracy", 0.9, "each_price_band", "sold_price"),
    "R3": ("accuracy", 0.125, "all", "sold_price"),
    "R4": ("mean_latency", 0.5, "sunday_evening", "request_log"),
    "R5": ("accuracy", 0.94, "all", "true_type"),
    "R6": ("accuracy", 0.9, "german", "sold_price"),
}
METRICS = {wish: dict(zip(FIELDS_OF, row, strict=True)) for wish, row in ROWS.items()}
