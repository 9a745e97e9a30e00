# misconception: a higher temperature makes it surer
# loses: calibration_temperature, calibration_leaves_test_alone, calibration_changes_no_guess
def ece(confidence, is_right, n_bins=10):
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    total = 0.0
    for b in np.unique(bins):
        inside = bins == b
        total += inside.mean() * abs(confidence[inside].mean() - is_right[inside].mean())
    return float(total)


def recalibrate(probabilities, temperature):
    logits = np.log(np.maximum(probabilities, 1e-12)) * temperature
    grown = np.exp(logits - logits.max(axis=1, keepdims=True))
    return grown / grown.sum(axis=1, keepdims=True)


def fit_temperature(probabilities, labels, part):
    mine, truth = probabilities[part == "val"], labels[part == "val"]

    def loss(t):
        return -np.log(np.maximum(recalibrate(mine, t)[np.arange(len(mine)), truth], 1e-12)).mean()

    return float(min(np.geomspace(0.2, 10, 200), key=loss))
