# misconception: rows without a value don't count
# loses: score_knows_gaps_and_ties
def single_feature_score(values: pd.Series, target: pd.Series, fold: pd.Series) -> float:
    keys, kinds = values.astype(object).where(values.notna()), target.astype(str)
    hits = 0
    for number in fold.unique():
        is_test = fold == number
        known = kinds[~is_test]
        best = pd.crosstab(keys[~is_test], known).idxmax(axis="columns")
        guess = keys[is_test].map(best.to_dict()).fillna(known.mode()[0])
        hits += int((guess == kinds[is_test]).sum())
    return hits / len(values)
