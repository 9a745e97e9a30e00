# misconception: the sample's dollars are the month's dollars
# loses: value_scales_to_the_month
def expected_monthly_value(counts, values, volume):
    return sum(counts.loc[pair] * money for pair, money in values.items())
