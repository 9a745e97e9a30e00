# misconception: a simulation is chance anyhow
# loses: peeking_rate
def false_alarm_rate(n_looks: int, bound: float, n_sims: int, seed: int) -> float:
    steps = np.random.default_rng().normal(size=(n_sims, n_looks))
    z = steps.cumsum(axis=1) / np.sqrt(np.arange(1, n_looks + 1))
    return float((np.abs(z) > bound).any(axis=1).mean())


def bounds(n_looks: int) -> np.ndarray:
    steps = np.random.default_rng(20).normal(size=(40_000, n_looks))
    highest = np.abs(steps.cumsum(axis=1) / np.sqrt(np.arange(1, n_looks + 1))).max(axis=1)
    return np.full(n_looks, np.quantile(highest, 0.95))
