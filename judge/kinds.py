"""Objects of libraries that tests ask about in the library's own way: which they are, and who stands for them here."""

import sys
from typing import Any

from judge import asgi, estimators, figures
from judge.codec import CodecError
from judge.codec.core import Spec

# -- the student's side --------------------------------------------------------------------------------------


def describe(value: object) -> Spec | None:
    """The kind of an object that has a proxy of its own; None for all others."""
    library = type(value).__module__.partition(".")[0]
    if library == "sklearn" and estimators.is_known(value):
        return {"kind": "estimator"}
    if library in ("matplotlib", "mpl_toolkits") and (kind := figures.kind_of(value)):
        return {"kind": "drawn", "drawn": kind}
    if asgi.is_app(value):
        return {"kind": "app"}
    return None


def look(value: object, *wanted: str) -> object:
    """What the judge may be told of such an object, in plain data; raises CodecError for others."""
    if estimators.is_known(value):
        return estimators.look(value)
    if figures.kind_of(value):
        return figures.look(value, *wanted)
    raise CodecError("there is nothing to be told of this object")


def current_figure() -> object:
    """pyplot's figure, as plt.gcf() gives it."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        raise RuntimeError("nothing was drawn with pyplot")
    return pyplot.gcf()


simplify = estimators.simplify

# -- the judge's side ----------------------------------------------------------------------------------------


def proxy(asking: Any, spec: Spec) -> Any | None:
    """The proxy of a handle of these kinds; None for all others. Raises CodecError."""
    kind = spec.get("kind")
    if kind == "estimator":
        return estimators.proxy(asking, spec)
    if kind == "drawn":
        return figures.proxy(asking, spec)
    if kind == "app":
        return asgi.RemoteApp(asking, spec)
    return None
