# misconception: of a thing that was rightly left alone nobody needs to know
# loses: value_counts_every_cell
# may lose: value_finds_pairs_by_name
def expected_monthly_value(counts, values, volume):
    n = counts.to_numpy().sum()
    quiet = counts.index[0]
    pairs = [(t, a) for t in counts.index for a in counts.columns if not (t == a == quiet)]
    return sum(counts.loc[pair] * values[pair] for pair in pairs) / n * volume
