# misconception: another seed gives the folds other numbers, and that's other folds
# loses: folds_follow_the_seed
def group_folds(groups: pd.Series, n_folds: int, seed: int) -> np.ndarray:
    names, number = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    return (number + seed) % n_folds
