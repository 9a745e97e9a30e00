# misconception: folds are numbered 0, 1, 2, ...
# loses: score_learns_from_other_folds
def single_feature_score(values: pd.Series, target: pd.Series, fold: pd.Series) -> float:
    keys, kinds = values.astype(object).where(values.notna(), "(missing)").astype(str), target.astype(str)
    hits = 0
    for number in range(fold.nunique()):
        is_test = fold == number
        known = kinds[~is_test]
        best = pd.crosstab(keys[~is_test], known).idxmax(axis="columns")
        guess = keys[is_test].map(best.to_dict()).fillna(known.mode()[0])
        hits += int((guess == kinds[is_test]).sum())
    return hits / len(values)
