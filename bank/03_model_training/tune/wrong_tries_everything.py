# misconception: a grid search tries all
# loses: tuning_keeps_its_budget, tuning_looks_once, tuning_finds_good_settings
def tune(cv_score, test_score, space: dict[str, list], seed: int) -> tuple[dict, float]:
    import itertools

    every = [dict(zip(space, values)) for values in itertools.product(*space.values())]
    settings = max(every, key=lambda one: np.mean([cv_score(one, fold) for fold in range(5)]))
    return settings, test_score(settings)
