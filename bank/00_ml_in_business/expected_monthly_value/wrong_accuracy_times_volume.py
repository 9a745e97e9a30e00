# misconception: a right answer is worth a dollar, whatever it is about
# loses: value_counts_every_cell, value_tells_truth_from_answer, value_finds_pairs_by_name, value_scales_to_the_month
def expected_monthly_value(counts, values, volume):
    right = sum(counts.loc[name, name] for name in counts.index if name in counts.columns)
    return right / counts.to_numpy().sum() * volume
