# misconception: the winner's score is its score
# loses: curse_is_lifted_by_fresh_rows
def winners_curse(n_rows: int, n_models: int, accuracy: float, n_repeats: int, seed: int) -> tuple[float, float]:
    """What the best of n_models scores on the rows that chose it, and on as many fresh rows: means over n_repeats.

    Every model is right on each row with probability accuracy, independently of all else. A repeat scores all models on
    the same number of rows, n_rows, takes the one with the highest share of right rows, and asks that one for n_rows
    fresh ones. All draws come from seed.
    """
    rng = np.random.default_rng(seed)
    chosen_on = rng.binomial(n_rows, accuracy, size=(n_repeats, n_models)) / n_rows
    fresh = rng.binomial(n_rows, accuracy, size=(n_repeats, n_models)) / n_rows
    winner = chosen_on.argmax(axis=1)
    at = np.arange(n_repeats)
    return float(chosen_on[at, winner].mean()), float(chosen_on[at, winner].mean())


def nested_score(hits: np.ndarray, folds: np.ndarray) -> float:
    """The accuracy of choosing the best model: chosen on all folds but one, asked on that one, over all rows.

    hits has one row a model and one column a card: 1 where the model, fitted without the card's fold, is right about
    it, else 0. folds: the fold of each card. For each fold the model with the most hits on the *other* folds is chosen,
    of equals the first one; a card counts as right when the model chosen for its fold is.

    >>> nested_score(np.array([[1, 1, 1, 0], [0, 0, 1, 1]]), np.array([0, 0, 1, 1]))
    0.25
    """
    hits, folds = np.asarray(hits), np.asarray(folds)
    right = 0
    for fold in np.unique(folds):
        held = folds == fold
        right += hits[hits[:, ~held].sum(axis=1).argmax(), held].sum()
    return float(right / len(folds))
    ### END SOLUTION
