# misconception: scikit-learn's GroupKFold balances groups (it balances rows)
# loses: folds_are_even, folds_follow_the_seed
# may lose: folds_ignore_row_order
def group_folds(groups: pd.Series, n_folds: int, seed: int) -> np.ndarray:
    from sklearn.model_selection import GroupKFold

    folds = np.empty(len(groups), dtype=int)
    for k, (_, held_out) in enumerate(GroupKFold(n_folds).split(groups, groups=groups)):
        folds[held_out] = k
    return folds
