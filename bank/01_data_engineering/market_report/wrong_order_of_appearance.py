# misconception: groups come out sorted, as in pandas
# loses: report_counts_every_card
def market_report(cards):
    table = pl.from_pandas(cards)
    table = table.with_columns(pl.col("regulation_mark").fill_null("none"))
    report = table.group_by("regulation_mark", maintain_order=True).agg(
        n_cards=pl.len(),
        median_price=pl.col("list_price").median(),
        top_hp=pl.col("hp").max(),
    )
    return report.to_pandas()


def rows_per_second(cards, reports, clock=time.perf_counter):
    speeds = {}
    for name, report in reports.items():
        start = clock()
        report(cards)
        speeds[name] = len(cards) / (clock() - start)
    return speeds
