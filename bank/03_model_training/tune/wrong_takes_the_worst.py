# misconception: sorted() puts the best first
# loses: tuning_finds_good_settings
# may lose: tuning_keeps_its_budget
def tune(cv_score, test_score, space: dict[str, list], seed: int) -> tuple[dict, float]:
    rng = np.random.default_rng(seed)
    tried = [{name: values[rng.integers(len(values))] for name, values in space.items()} for _ in range(13)]

    settings = sorted(tried, key=lambda one: np.mean([cv_score(one, fold) for fold in range(3)]))[0]
    return settings, test_score(settings)
