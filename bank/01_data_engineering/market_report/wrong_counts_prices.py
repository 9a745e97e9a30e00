# misconception: count() counts rows; in truth it counts values, so cards without price are forgotten
# loses: report_counts_every_card
def market_report(cards):
    table = pl.from_pandas(cards)
    table = table.with_columns(pl.col("regulation_mark").fill_null("none"))
    report = table.group_by("regulation_mark").agg(
        n_cards=pl.col("list_price").count(),
        median_price=pl.col("list_price").median(),
        top_hp=pl.col("hp").max(),
    )
    return report.sort("regulation_mark").to_pandas()


def rows_per_second(cards, reports, clock=time.perf_counter):
    speeds = {}
    for name, report in reports.items():
        start = clock()
        report(cards)
        speeds[name] = len(cards) / (clock() - start)
    return speeds
