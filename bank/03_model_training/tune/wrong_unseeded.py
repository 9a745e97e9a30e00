# misconception: a search is luck anyhow
# loses: tuning_looks_once
# may lose: tuning_finds_good_settings
def tune(cv_score, test_score, space: dict[str, list], seed: int) -> tuple[dict, float]:
    rng = np.random.default_rng()
    seen, scores = [], []
    n_settings = int(np.prod([len(values) for values in space.values()]))
    # Twelve settings on two folds each leave 16 fits: three more folds for the best five.
    while len(seen) < min(12, n_settings):
        drawn = {name: values[rng.integers(len(values))] for name, values in space.items()}
        if drawn not in seen:
            seen.append(drawn)
            scores.append([cv_score(drawn, fold) for fold in (0, 1)])
    best_first = sorted(range(len(seen)), key=lambda place: -np.mean(scores[place]))[:5]
    for place in best_first:
        scores[place] += [cv_score(seen[place], fold) for fold in (2, 3, 4)]
    winner = seen[max(best_first, key=lambda place: np.mean(scores[place]))]
    return winner, test_score(winner)
