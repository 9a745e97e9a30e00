# misconception: hash() mixes well; but of a text it's another number in each process
# loses: folds_follow_the_seed
def group_folds(groups: pd.Series, n_folds: int, seed: int) -> np.ndarray:
    names, number = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    places = np.argsort([hash((str(name), seed)) for name in names])
    fold_of_group = np.empty(len(names), dtype=int)
    fold_of_group[places] = np.arange(len(names)) % n_folds
    return fold_of_group[number]
