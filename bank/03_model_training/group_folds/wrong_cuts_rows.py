# misconception: folds by row, as KFold cuts them
# loses: folds_keep_groups_whole, folds_are_even, folds_follow_the_seed, folds_ignore_row_order, folds_leave_generators_alone
def group_folds(groups: pd.Series, n_folds: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).permutation(np.arange(len(groups)) % n_folds)
