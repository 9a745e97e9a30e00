"""What every lesson uses: a typed guess before a cell reveals, and one look for plots. Nothing here is graded."""

from numbers import Real

import matplotlib as mpl
from cycler import cycler

Guess = float | str | bool

# Okabe and Ito (2008), Color Universal Design: told apart by colour-blind readers too. Yellow is left out: on white
# it vanishes.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")


class _NotGiven:
    pass


_NOT_GIVEN = _NotGiven()
_guesses: dict[str, Guess] = {}


def predict(key: str, guess: Guess | _NotGiven | None = _NOT_GIVEN) -> Guess | None:
    """The guess kept under key, or None when there is none yet.

    predict("p1", 40) keeps 40 and says so; predict("p1", None) asks for a guess; predict("p1") looks it up.
    """
    if isinstance(guess, _NotGiven):
        return _guesses.get(key)
    if guess is None:
        _guesses.pop(key, None)
        print(f"{key}: no guess yet. Put yours in place of None, then run this cell again.")
        return None
    if not isinstance(guess, str | Real):
        raise TypeError(f"predict({key!r}, ...) takes a number, a word or True/False, not {type(guess).__name__}")
    _guesses[key] = guess
    print(f"{key}: your guess is {guess}")
    return guess


def style() -> None:
    """Set matplotlib's defaults for the rest of the notebook: colour-blind palette, light grid, nothing cut off."""
    mpl.rcParams.update(
        {
            "axes.prop_cycle": cycler(color=PALETTE),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.titlesize": "medium",
            "axes.titlelocation": "left",
            "figure.constrained_layout.use": True,
            "figure.dpi": 100,
            "figure.figsize": (8.0, 3.4),
            "font.size": 11,
            "grid.alpha": 0.3,
            "legend.frameon": False,
        }
    )
