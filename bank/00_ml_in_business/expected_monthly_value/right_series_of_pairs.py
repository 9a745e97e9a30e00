# style: one Series of shares by pair, one Series of dollars by pair
# loses: nothing
def expected_monthly_value(counts, values, volume):
    shares = counts.stack() / counts.stack().sum()
    money = pd.Series({pair: values[pair] for pair in shares.index})
    return (shares * money).sum() * volume
