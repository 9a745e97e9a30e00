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


def rows_per_second(cards, reports, clock=time.perf_counter):
    best = {}
    for name, report in reports.items():
        runs = []
        for _ in range(3):
            start = clock()
            report(cards)
            runs.append(clock() - start)
        best[name] = len(cards) / min(runs)
    return best
