# misconception: right answers are nothing to count; only mistakes cost
# loses: value_counts_every_cell
def expected_monthly_value(counts, values, volume):
    per_cell = {(t, a): counts.loc[t, a] * values[t, a] for t in counts.index for a in counts.columns}
    return sum(money for money in per_cell.values() if money < 0) / counts.to_numpy().sum() * volume
