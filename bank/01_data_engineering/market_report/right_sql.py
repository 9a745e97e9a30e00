# style: polars through its SQL
# loses: nothing
def market_report(cards):
    stock = pl.from_pandas(cards)
    return pl.SQLContext(stock=stock).execute(
        """
        SELECT COALESCE(regulation_mark, 'none') AS regulation_mark, COUNT(*) AS n_cards,
               MEDIAN(list_price) AS median_price, MAX(hp) AS top_hp
        FROM stock GROUP BY regulation_mark ORDER BY regulation_mark
        """,
        eager=True,
    ).sort("regulation_mark").to_pandas()


def rows_per_second(cards, reports, clock=time.perf_counter):
    def speed(report):
        start = clock()
        report(cards)
        return len(cards) / max(clock() - start, 1e-9)

    return {name: speed(report) for name, report in reports.items()}
