# misconception: eight settings on five folds are forty fits: take the first eight
# loses: tuning_finds_good_settings
# may lose: tuning_keeps_its_budget
def tune(cv_score, test_score, space: dict[str, list], seed: int) -> tuple[dict, float]:
    import itertools

    first = [dict(zip(space, values)) for values in itertools.islice(itertools.product(*space.values()), 8)]
    settings = max(first, key=lambda one: np.mean([cv_score(one, fold) for fold in range(5)]))
    return settings, test_score(settings)
