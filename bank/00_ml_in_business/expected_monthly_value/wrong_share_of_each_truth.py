# misconception: each truth weighs the same, however rare it is
# loses: value_counts_every_cell, value_tells_truth_from_answer, value_finds_pairs_by_name, value_scales_to_the_month
def expected_monthly_value(counts, values, volume):
    rates = counts.div(counts.sum(axis=1), axis=0)
    return sum(rates.loc[pair] * money for pair, money in values.items()) * volume
