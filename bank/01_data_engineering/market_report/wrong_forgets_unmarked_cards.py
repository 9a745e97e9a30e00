# misconception: a group without a name is no group, as in the version of pandas
# loses: report_counts_every_card
def market_report(cards):
    table = pl.from_pandas(cards)
    table = table.drop_nulls("regulation_mark")
    report = table.group_by("regulation_mark").agg(
        n_cards=pl.len(),
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
