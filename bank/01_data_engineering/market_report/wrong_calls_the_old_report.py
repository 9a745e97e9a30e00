# misconception (a cheat): the report of pandas is nearly right, so hand it on
# loses: report_counts_every_card
def market_report(cards):
    return market_report_pandas(cards)


def rows_per_second(cards):
    start = time.perf_counter()
    market_report_pandas(cards)
    middle = time.perf_counter()
    market_report(cards)
    end = time.perf_counter()
    return {"pandas": len(cards) / (middle - start), "polars": len(cards) / (end - middle)}
