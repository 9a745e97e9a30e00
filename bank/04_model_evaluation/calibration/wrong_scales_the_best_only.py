# misconception: only the confidence of the guess is wrong
# loses: calibration_changes_no_guess, calibration_temperature
# may lose: calibration_leaves_test_alone
def ece(confidence, is_right, n_bins=10):
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    total = 0.0
    for b in np.unique(bins):
        inside = bins == b
        total += inside.mean() * abs(confidence[inside].mean() - is_right[inside].mean())
    return float(total)


def recalibrate(probabilities, temperature):
    best = probabilities == probabilities.max(axis=1, keepdims=True)
    return np.where(best, probabilities ** (1 / temperature), probabilities)


def fit_temperature(probabilities, labels, part):
    mine, truth = probabilities[part == "val"], labels[part == "val"]

    def loss(t):
        return -np.log(np.maximum(recalibrate(mine, t)[np.arange(len(mine)), truth], 1e-12)).mean()

    return float(min(np.geomspace(0.2, 10, 200), key=loss))
