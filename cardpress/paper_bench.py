"""A bench for tuning that fits nothing: it counts as `cardlab.tuning.Bench` does, and answers at once."""

from collections.abc import Mapping, Sequence

from cardlab.models import Setting
from cardlab.tuning import BudgetSpentError
from cardpress.draws import streams

FLOOR, LUCK = 0.4, 0.02


class PaperBench:
    """Each value of a setting is worth some accuracy, the first one of each list nothing; each fold has its luck.

    fits, test_reads: how often `cv_score` and `test_score` were asked. Same seed and space, same answers.
    """

    def __init__(self, seed: int, space: Mapping[str, Sequence[Setting]], *, n_folds: int = 5) -> None:
        rng_worth, rng_luck = streams(seed, 2)
        self._worth = {
            name: dict(zip(values, [0.0, *rng_worth.uniform(0.06, 0.16, len(values) - 1)], strict=True))
            for name, values in space.items()
        }
        self._luck = [float(luck) for luck in rng_luck.uniform(-LUCK, LUCK, n_folds + 1)]
        self.budget = 40
        self.fits = self.test_reads = 0

    def cv_score(self, settings: Mapping[str, Setting], fold: int) -> float:
        """As Bench's. Raises BudgetSpentError, ValueError for a fold that isn't there, KeyError for other settings."""
        if not 0 <= fold < len(self._luck) - 1:
            raise ValueError(f"fold is {fold}; there are {len(self._luck) - 1}, from 0")
        if self.fits >= self.budget:
            raise BudgetSpentError(f"all {self.budget} fits are spent")
        self.fits += 1
        return self.worth(settings) + self._luck[fold]

    def test_score(self, settings: Mapping[str, Setting]) -> float:
        """As Bench's."""
        self.test_reads += 1
        return self.worth(settings) + self._luck[-1]

    def worth(self, settings: Mapping[str, Setting]) -> float:
        """The accuracy of these settings without any luck; asking for it counts as nothing."""
        return FLOOR + sum(float(values[settings[name]]) for name, values in self._worth.items())
