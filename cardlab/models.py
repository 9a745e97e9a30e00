"""The models of the course: what they read off a card, and one way to make each from a few words."""

from collections.abc import Mapping

from sklearn.base import ClassifierMixin
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

NUMBERS = ["hp", "max_damage", "attack_cost", "retreat"]
WORDS = ["stage", "weakness", "resistance"]
FEATURES = [*NUMBERS, *WORDS]  # all of it is printed on the card

Setting = str | int | float | None


def make_model(params: Mapping[str, Setting], seed: int = 0) -> Pipeline:
    """An unfitted pipeline for tables with the columns FEATURES.

    params: {"kind": "dummy" | "logreg" | "tree" | "forest"} and what scikit-learn calls the kind's settings, such as
    {"kind": "logreg", "C": 0.1}. A missing number counts as the mean. Numbers are scaled: without that, logistic
    regression takes many times as long.
    Raises ValueError for another kind.
    """
    settings = {name: value for name, value in params.items() if name != "kind"}
    kinds: dict[str, type[ClassifierMixin]] = {
        "dummy": DummyClassifier,
        "logreg": LogisticRegression,
        "tree": DecisionTreeClassifier,
        "forest": RandomForestClassifier,
    }
    kind = params.get("kind")
    if kind not in kinds:
        raise ValueError(f"no model of kind {kind!r}; there are {', '.join(kinds)}")
    always: dict[str, object] = {"random_state": seed}
    if kind == "logreg":
        always["max_iter"] = 500
    prepare = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), WORDS),
    )
    return make_pipeline(prepare, kinds[str(kind)](**(always | settings)))
