# misconception: the right numbers are what counts, in whichever library
# loses: report_counts_every_card
def market_report(cards):  # not pl.from_pandas(cards): pandas knows it, too
    by_mark = cards.assign(regulation_mark=cards["regulation_mark"].fillna("none")).groupby("regulation_mark")
    report = by_mark.agg(n_cards=("card_code", "size"), median_price=("list_price", "median"), top_hp=("hp", "max"))
    return report.reset_index()


def rows_per_second(cards, reports, clock=time.perf_counter):
    speeds = {}
    for name, report in reports.items():
        start = clock()
        report(cards)
        speeds[name] = len(cards) / (clock() - start)
    return speeds
