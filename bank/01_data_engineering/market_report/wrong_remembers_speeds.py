# misconception: a speed measured once holds for good
# loses: report_race_is_measured
def market_report(cards):
    table = pl.from_pandas(cards)
    table = table.with_columns(pl.col("regulation_mark").fill_null("none"))
    report = table.group_by("regulation_mark").agg(
        n_cards=pl.len(),
        median_price=pl.col("list_price").median(),
        top_hp=pl.col("hp").max(),
    )
    return report.sort("regulation_mark").to_pandas()


def rows_per_second(cards, reports, clock=time.perf_counter):
    return dict(zip(reports, (15_000.0, 20_000.0)))
