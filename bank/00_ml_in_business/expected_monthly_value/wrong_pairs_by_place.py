# misconception: a dictionary comes in the order of the table
# loses: value_finds_pairs_by_name
def expected_monthly_value(counts, values, volume):
    cells = counts.to_numpy().ravel()
    return float(cells @ np.array(list(values.values()))) / cells.sum() * volume
