# misconception: a space has twelve settings at least
# loses: tuning_keeps_its_budget
# may lose: tuning_finds_good_settings
def tune(cv_score, test_score, space: dict[str, list], seed: int) -> tuple[dict, float]:
    rng = np.random.default_rng(seed)
    seen, scores = [], []
    n_settings = int(np.prod([len(values) for values in space.values()]))
    # Twelve settings on two folds each leave 16 fits: three more folds for the best five.
    for place in rng.choice(n_settings, 12, replace=False):
        drawn = {}
        for name, values in space.items():
            place, at = divmod(int(place), len(values))
            drawn[name] = values[at]
        seen.append(drawn)
        scores.append([cv_score(drawn, fold) for fold in (0, 1)])
    best_first = sorted(range(len(seen)), key=lambda place: -np.mean(scores[place]))[:5]
    for place in best_first:
        scores[place] += [cv_score(seen[place], fold) for fold in (2, 3, 4)]
    winner = seen[max(best_first, key=lambda place: np.mean(scores[place]))]
    return winner, test_score(winner)
