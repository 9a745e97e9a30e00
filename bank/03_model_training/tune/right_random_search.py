# style: random search, three folds each
# loses: nothing
def tune(cv_score, test_score, space: dict[str, list], seed: int) -> tuple[dict, float]:
    rng = np.random.default_rng(seed)
    best = (-1.0, {})
    for _ in range(min(13, 40 // 3)):
        settings = {name: values[rng.integers(len(values))] for name, values in space.items()}
        score = np.mean([cv_score(settings, fold) for fold in range(3)])
        best = max(best, (score, settings), key=lambda pair: pair[0])
    return best[1], test_score(best[1])
