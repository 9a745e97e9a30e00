# misconception: np.random.seed is how one seeds a draw
# loses: folds_leave_generators_alone
def group_folds(groups: pd.Series, n_folds: int, seed: int) -> np.ndarray:
    names, number = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    np.random.seed(seed)
    return np.random.permutation(np.arange(len(names)) % n_folds)[number]
