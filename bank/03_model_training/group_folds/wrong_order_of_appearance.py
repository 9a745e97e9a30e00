# misconception: the order in which groups come is an order, too
# loses: folds_ignore_row_order
def group_folds(groups: pd.Series, n_folds: int, seed: int) -> np.ndarray:
    number, names = pd.factorize(groups)
    return np.random.default_rng(seed).permutation(np.arange(len(names)) % n_folds)[number]
