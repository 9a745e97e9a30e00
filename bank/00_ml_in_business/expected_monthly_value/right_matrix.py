# style: a matrix of dollars in the table's own order
# loses: nothing
def expected_monthly_value(counts, values, volume):
    dollars = np.array([[values[t, a] for a in counts.columns] for t in counts.index])
    return float(np.average(dollars, weights=counts.to_numpy())) * volume
