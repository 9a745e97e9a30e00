# misconception: more repeats are better repeats
# loses: curse_is_lifted_by_fresh_rows
def winners_curse(n_rows: int, n_models: int, accuracy: float, n_repeats: int, seed: int) -> tuple[float, float]:
    rng, n_repeats = np.random.default_rng(seed), 4000
    chosen_on = rng.binomial(n_rows, accuracy, size=(n_repeats, n_models)) / n_rows
    fresh = rng.binomial(n_rows, accuracy, size=(n_repeats, n_models)) / n_rows
    winner = chosen_on.argmax(axis=1)
    at = np.arange(n_repeats)
    return float(chosen_on[at, winner].mean()), float(fresh[at, winner].mean())


def nested_score(hits: np.ndarray, folds: np.ndarray) -> float:
    hits, folds = np.asarray(hits), np.asarray(folds)
    right = 0
    for fold in np.unique(folds):
        held = folds == fold
        right += hits[hits[:, ~held].sum(axis=1).argmax(), held].sum()
    return float(right / len(folds))
