# misconception: the strongest column is enough
# loses: features_beat_the_numbers
def features(cards):
    options = [*TYPES, "-"]
    return pd.DataFrame({"weak": cards["weakness"].map(options.index)})
