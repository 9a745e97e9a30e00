# style: a lazy plan, fill after grouping, the best of three runs
# loses: nothing
def market_report(cards):
    plan = (
        pl.LazyFrame({column: cards[column].tolist() for column in ["list_price", "hp"]})
        .fill_nan(None)
        .with_columns(pl.Series("regulation_mark", [m if isinstance(m, str) else None for m in cards["regulation_mark"]]))
        .group_by("regulation_mark")
        .agg(pl.len().alias("n_cards"), pl.median("list_price").alias("median_price"), pl.max("hp").alias("top_hp"))
        .with_columns(pl.col("regulation_mark").fill_null("none"))
        .sort("regulation_mark")
    )
    return pd.DataFrame(plan.collect().to_dicts())


def rows_per_second(cards):
    best = {}
    for name, report in [("pandas", market_report_pandas), ("polars", market_report)]:
        runs = []
        for _ in range(3):
            start = time.perf_counter_ns()
            report(cards)
            runs.append(time.perf_counter_ns() - start)
        best[name] = len(cards) / (min(runs) / 1e9)
    return best
