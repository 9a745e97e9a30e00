# misconception: the best score of the search is how good the model is
# loses: tuning_looks_once
def tune(cv_score, test_score, space: dict[str, list], seed: int) -> tuple[dict, float]:
    rng = np.random.default_rng(seed)
    tried = [{name: values[rng.integers(len(values))] for name, values in space.items()} for _ in range(13)]

    cv = [np.mean([cv_score(settings, fold) for fold in range(3)]) for settings in tried]
    settings = tried[int(np.argmax(cv))]
    test_score(settings)
    return settings, max(cv)
