# misconception: the argument is mine to shuffle
# loses: folds_ignore_row_order
def group_folds(groups: pd.Series, n_folds: int, seed: int) -> np.ndarray:
    names, number = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    fold_of_group = np.random.default_rng(seed).permutation(np.arange(len(names)) % n_folds)
    folds = fold_of_group[number]
    groups.sort_values(inplace=True, ignore_index=True)
    return folds
