# misconception: a draw needs no seed
# loses: folds_follow_the_seed, folds_ignore_row_order
def group_folds(groups: pd.Series, n_folds: int, seed: int) -> np.ndarray:
    names, number = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    return np.random.permutation(np.arange(len(names)) % n_folds)[number]
