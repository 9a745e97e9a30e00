# misconception (a cheat): the report of pandas is nearly right, so hand it on
# loses: report_counts_every_card
def market_report(cards):
    return market_report_pandas(cards)


def rows_per_second(cards, reports, clock=time.perf_counter):
    speeds = {}
    for name, report in reports.items():
        start = clock()
        report(cards)
        speeds[name] = len(cards) / (clock() - start)
    return speeds
