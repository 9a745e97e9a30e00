# misconception: the watch starts with the race; so the second runner pays for the first
# loses: report_race_is_measured
def market_report(cards: pd.DataFrame) -> pd.DataFrame:
    marked = pl.from_pandas(cards).with_columns(pl.col("regulation_mark").fill_null("none"))
    columns = [pl.len().alias("n_cards"), pl.median("list_price").alias("median_price"), pl.max("hp").alias("top_hp")]
    return marked.group_by("regulation_mark").agg(columns).sort("regulation_mark").to_pandas()


def rows_per_second(cards, reports, clock=time.perf_counter):
    speeds, start = {}, clock()
    for name, report in reports.items():
        report(cards)
        speeds[name] = len(cards) / (clock() - start)
    return speeds
