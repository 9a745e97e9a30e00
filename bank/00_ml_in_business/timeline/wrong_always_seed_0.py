# misconception: one good seed is enough
# loses: timeline_repeats
Step = tuple[float, float, float, float]  # fewest, likeliest, most weeks, chance that it's done twice


def weeks_drawn(steps: list[Step], draws: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    total = np.zeros(draws)
    for fewest, likely, most, chance_twice in steps:
        first, second = rng.triangular(fewest, likely, most, size=(2, draws))
        total += first + np.where(rng.random(draws) < chance_twice, second, 0.0)
    return total


def done_by(steps: list[Step], week: float, draws: int = 40_000, seed: int = 0) -> float:
    return float((weeks_drawn(steps, draws, seed) <= week).mean())


def weeks_for(steps: list[Step], chance: float, draws: int = 40_000, seed: int = 0) -> float:
    return float(np.quantile(weeks_drawn(steps, draws, 0), chance))
