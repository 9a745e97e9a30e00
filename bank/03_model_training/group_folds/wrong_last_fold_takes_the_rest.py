# misconception: the last fold gets whatever is left over
# loses: folds_are_even
def group_folds(groups: pd.Series, n_folds: int, seed: int) -> np.ndarray:
    names, number = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(names))
    fold_of_group = np.empty(len(names), dtype=int)
    fold_of_group[order] = np.minimum(np.arange(len(names)) // (len(names) // n_folds), n_folds - 1)
    return fold_of_group[number]
