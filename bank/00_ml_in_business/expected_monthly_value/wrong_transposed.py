# misconception: the first word of a pair is the answer, the second the truth
# loses: value_tells_truth_from_answer, value_finds_pairs_by_name
# may lose: brief_keeps_to_its_form, brief_numbers_agree
def expected_monthly_value(counts, values, volume):
    total = 0.0
    for answer in counts.columns:
        for truth in counts.index:
            total += counts.loc[truth, answer] * values[answer, truth]
    return total / counts.to_numpy().sum() * volume
