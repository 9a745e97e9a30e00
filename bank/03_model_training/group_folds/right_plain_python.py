# style: plain Python: a generator of its own, a dict
# loses: nothing
def group_folds(groups: pd.Series, n_folds: int, seed: int) -> np.ndarray:
    import random

    names = sorted(set(groups))
    random.Random(seed).shuffle(names)
    home = {name: place % n_folds for place, name in enumerate(names)}
    return np.array([home[name] for name in groups])
