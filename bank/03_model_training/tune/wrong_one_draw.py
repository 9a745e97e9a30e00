# misconception: the defaults of a draw are as good as any
# loses: tuning_keeps_its_budget, tuning_finds_good_settings
def tune(cv_score, test_score, space: dict[str, list], seed: int) -> tuple[dict, float]:
    settings = {name: values[0] for name, values in space.items()}
    np.mean([cv_score(settings, fold) for fold in range(5)])
    return settings, test_score(settings)
