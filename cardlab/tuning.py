"""A bench for tuning: it fits and scores settings, and counts what that cost."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
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
        self._exams: dict[int | None, _Exam] = {}
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
        return self._accuracy(params, fold)

    def test_score(self, params: Mapping[str, Setting]) -> float:
        """The accuracy on the test cards of a model fitted on all training cards."""
        self.test_reads += 1
        return self._accuracy(params, None)

    def _accuracy(self, params: Mapping[str, Setting], fold: int | None) -> float:
        """On one fold, or with None on the test cards.

        How cards are prepared hangs on no setting, so it's done once a fold: it was two thirds of the time.
        """
        model = make_model(params)
        if fold not in self._exams:
            is_out = self._fold == fold
            train, held_out = self._train[~is_out], self._test if fold is None else self._train[is_out]
            learnt = model[:-1].fit_transform(train[FEATURES])
            asked = model[:-1].transform(held_out[FEATURES])
            self._exams[fold] = _Exam(learnt, train["type"].astype(str), asked, held_out["type"].astype(str))
        exam = self._exams[fold]
        return float((model[-1].fit(exam.learnt, exam.kinds).predict(exam.asked) == exam.truth).mean())


class _Exam(NamedTuple):
    learnt: npt.NDArray[np.float64]
    kinds: pd.Series
    asked: npt.NDArray[np.float64]
    truth: pd.Series
