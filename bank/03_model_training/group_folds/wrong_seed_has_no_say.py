# misconception: sorted groups need no shuffle, so the seed isn't used
# loses: folds_follow_the_seed
def group_folds(groups: pd.Series, n_folds: int, seed: int) -> np.ndarray:
    names, number = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    return np.arange(len(names))[number] % n_folds
