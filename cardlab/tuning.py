"""A bench for tuning: it fits and scores settings, and counts what that cost."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cardlab.models import FEATURES, Setting, make_model


class BudgetSpentError(RuntimeError):
    """More fits were asked for than there are."""


class Bench:
    """Training cards in folds that keep species whole, and test cards behind a guard that counts each look.

    fits: how many models were fitted by `cv_score`. test_reads: how often `test_score` was asked.
    """

    def __init__(self, train: pd.DataFrame, test: pd.DataFrame, *, n_folds: int = 5, budget: int = 40) -> None:
        species = np.unique(train["species_id"].to_numpy(dtype=str), return_inverse=True)[1]
        self._fold = species % n_folds
        self._train, self._test = train, test
        self.budget, self.n_folds = budget, n_folds
        self.fits = self.test_reads = 0

    def cv_score(self, params: Mapping[str, Setting], fold: int) -> float:
        """The accuracy on one fold of a model fitted on the others; ValueError when there is no such fold.

        Raises BudgetSpentError when all fits are spent.
        """
        if not 0 <= fold < self.n_folds:
            raise ValueError(f"fold is {fold}; there are {self.n_folds}, from 0")
        if self.fits >= self.budget:
            raise BudgetSpentError(f"all {self.budget} fits are spent")
        self.fits += 1
        return _accuracy(params, self._train[self._fold != fold], self._train[self._fold == fold])

    def test_score(self, params: Mapping[str, Setting]) -> float:
        """The accuracy on the test cards of a model fitted on all training cards."""
        self.test_reads += 1
        return _accuracy(params, self._train, self._test)


def _accuracy(params: Mapping[str, Setting], train: pd.DataFrame, held_out: pd.DataFrame) -> float:
    model = make_model(params).fit(train[FEATURES], train["type"].astype(str))
    return float((model.predict(held_out[FEATURES]) == held_out["type"].astype(str)).mean())
