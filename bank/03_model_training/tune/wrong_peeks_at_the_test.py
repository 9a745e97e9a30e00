# misconception: the test set is the best judge of settings
# loses: tuning_looks_once
# may lose: tuning_keeps_its_budget, tuning_finds_good_settings
def tune(cv_score, test_score, space: dict[str, list], seed: int) -> tuple[dict, float]:
    rng = np.random.default_rng(seed)
    tried = [{name: values[rng.integers(len(values))] for name, values in space.items()} for _ in range(13)]

    cv = [np.mean([cv_score(settings, fold) for fold in range(3)]) for settings in tried]
    best = sorted(range(13), key=lambda place: -cv[place])[:3]
    settings = max((tried[place] for place in best), key=test_score)
    return settings, test_score(settings)
