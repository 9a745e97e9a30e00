"""One assignment and thirty submissions of it, made from a seed: what the grading benchmark grades.

Eight solution cells and eight test cells: cleaning a table with pandas, a scikit-learn pipeline, two figures. All cells
of a full-marks submission run: a name that a student's cell needs is made in a locked cell, never in a test.
"""

import io
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

ASSIGNMENT = NOTEBOOK = "orders"
N_SUBMISSIONS = 30
N_ROWS = 40_000
SEED = 0x5EED_0B5E_0F0E_0D0C


@dataclass(frozen=True)
class Task:
    """A solution cell and its test. setup: the locked cell between them, if there is one.

    right: other answers that earn all points; wrong: answers that lose some, each in its own way.
    """

    name: str
    stub: str
    solution: str
    test: str
    points: int
    setup: str = ""
    right: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True)
class Submission:
    """answers: the student's text by task; extra: an ungraded cell at the end, or none."""

    student: str
    answers: dict[str, str] = field(default_factory=dict)
    extra: str = ""


def source_notebook() -> bytes:
    """The instructor's notebook, with solutions and hidden tests."""
    cells = [_markdown("# Orders of a shop\n\nClean a table, describe it, and predict which orders come back.")]
    cells.append(_locked("imports", IMPORTS))
    for task in TASKS:
        cells += _cells_of(task, f"### BEGIN SOLUTION\n{task.solution}\n### END SOLUTION", task.test)
    return _notebook(cells)


def submitted_notebook(submission: Submission) -> bytes:
    """What the student hands in: no hidden test, outputs left out."""
    cells = [_markdown("# Orders of a shop"), _locked("imports", IMPORTS)]
    for task in TASKS:
        cells += _cells_of(task, submission.answers[task.name], released(task.test))
    if submission.extra:
        cells.append(_code(submission.extra, {}))
    return _notebook(cells)


def submissions(count: int = N_SUBMISSIONS) -> list[Submission]:
    """The first `count` of the thirty. The first is the solution; about a third of all has full marks."""
    return [_make(number) for number in range(count)]


def files() -> dict[str, bytes]:
    """What stands beside the notebook: a dirty table of 40,000 rows and nine columns, 2.6 MB."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(SEED)
    quantity = rng.integers(0, 9, N_ROWS)
    category = rng.choice(["books", "games", "music", "tools"], N_ROWS, p=[0.4, 0.3, 0.2, 0.1])
    price = np.round(rng.gamma(3.0, 12.0, N_ROWS) + 1, 2)
    discount = np.where(rng.random(N_ROWS) < 0.4, np.nan, np.round(rng.random(N_ROWS) * 0.5, 2))
    odds = 0.02 * price - 2.0 * np.nan_to_num(discount) + 0.8 * (category == "games") - 1.2
    returned = rng.random(N_ROWS) < 1 / (1 + np.exp(-odds))
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 730, N_ROWS), unit="D")
    table = pd.DataFrame(
        {
            "order_id": rng.integers(10_000, 10_000 + N_ROWS * 20, N_ROWS),
            "ordered": day.strftime("%Y-%m-%d"),
            "customer": rng.integers(1, 4000, N_ROWS),
            "country": rng.choice(["de", " DE", "at", "AT ", "ch", "CH"], N_ROWS),
            "category": category,
            "price": [f"{value:.2f} EUR".replace(".", ",") for value in price],
            "quantity": quantity,
            "discount": discount,
            "returned": np.where(returned, "yes", "no"),
        }
    )
    text = io.StringIO()
    table.to_csv(text, index=False)
    return {"orders.csv": text.getvalue().encode()}


def released(test: str) -> str:
    """A test cell as students get it: without the lines between the markers."""
    kept, hidden = [], False
    for line in test.splitlines():
        hidden = hidden or "BEGIN HIDDEN TESTS" in line
        if not hidden:
            kept.append(line)
        hidden = hidden and "END HIDDEN TESTS" not in line
    return "\n".join(kept)


def _make(number: int) -> Submission:
    rng = random.Random(SEED + number)
    kind = ("full", "full", "mixed", "full", "mixed", "weak")[number % 6]
    answers = {}
    for task in TASKS:
        share_wrong = {"full": 0.0, "mixed": 0.35, "weak": 0.8}[kind]
        if number > 0 and rng.random() < share_wrong:
            answers[task.name] = rng.choice([task.stub, *task.wrong])
        else:
            answers[task.name] = rng.choice([task.solution, *task.right]) if number else task.solution
    extra = rng.choice(["", "", "orders.describe()", "orders.groupby('category').revenue.agg(['mean', 'count'])"])
    return Submission(f"student{number:02d}", answers, extra)


def _cells_of(task: Task, answer: str, test: str) -> Iterator[dict[str, Any]]:
    yield _code(answer, {"grade": False, "solution": True, "grade_id": task.name})
    if task.setup:
        yield _locked(f"use_{task.name}", task.setup)
    yield _code(test, {"grade": True, "solution": False, "points": task.points, "grade_id": f"test_{task.name}"})


def _locked(name: str, text: str) -> dict[str, Any]:
    return _code(text, {"grade": False, "solution": False, "grade_id": name})


def _code(text: str, nbgrader: dict[str, Any]) -> dict[str, Any]:
    if nbgrader:
        locked = not nbgrader["solution"]
        nbgrader = {"schema_version": 3, "locked": locked, "task": False, "cell_type": "code", **nbgrader}
    metadata = {"nbgrader": nbgrader} if nbgrader else {}
    return {"cell_type": "code", "execution_count": None, "metadata": metadata, "outputs": [], "source": text}


def _markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def _notebook(cells: list[dict[str, Any]]) -> bytes:
    numbered = [cell | {"id": f"cell-{number}"} for number, cell in enumerate(cells)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps(
        {"cells": numbered, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    ).encode()


IMPORTS = """\
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler"""

# Stands at the head of the hidden part of tests that need a table nobody has seen.
_FRESH = """\
import numpy as np
import pandas as pd
from judge.kit import award, holds

def fresh_orders(seed, n):
    rng = np.random.default_rng(seed)
    price = np.round(rng.gamma(3.0, 12.0, n) + 1, 2)
    return pd.DataFrame({
        "order_id": rng.permutation(n) + 1,
        "ordered": pd.date_range("2023-01-01", periods=365)[rng.integers(0, 365, n)].strftime("%Y-%m-%d"),
        "customer": rng.integers(1, 900, n),
        "country": rng.choice([" de", "AT", "ch "], n),
        "category": rng.choice(["books", "games", "music", "tools"], n),
        "price": [f"{value:.2f} EUR".replace(".", ",") for value in price],
        "quantity": rng.integers(0, 5, n),
        "discount": np.where(rng.random(n) < 0.3, np.nan, np.round(rng.random(n) * 0.4, 2)),
        "returned": rng.choice(["yes", "no"], n),
    })

def cleaned(raw):
    table = raw.drop_duplicates("order_id").query("quantity > 0")
    price = table.price.str.removesuffix(" EUR").str.replace(",", ".").astype(float)
    discount = table.discount.fillna(0.0)
    return table.assign(
        price=price, discount=discount, returned=table.returned == "yes", ordered=pd.to_datetime(table.ordered),
        country=table.country.str.strip().str.upper(), revenue=price * table.quantity * (1 - discount),
    ).reset_index(drop=True)
"""


def _stub(signature: str) -> str:
    return f"def {signature}:\n    raise NotImplementedError"  # text of the released notebook: students replace it


def _hidden(visible: str, hidden: str) -> str:
    return f"{visible}\n### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS"


TASKS = (
    Task(
        "read_orders",
        stub=_stub("read_orders(path)"),
        solution="def read_orders(path):\n    return pd.read_csv(path, dtype={'price': str, 'ordered': str})",
        setup="raw = read_orders('orders.csv')",
        test=_hidden(
            "# 2 points: the table as it stands in the file\nassert len(raw) == 40_000",
            "assert list(raw.columns)[:3] == ['order_id', 'ordered', 'customer']\n"
            "assert raw.quantity.sum() > 0 and raw.discount.isna().mean() < 0.5\n"
            "assert raw.price.str.endswith(' EUR').all()",
        ),
        points=2,
        right=("def read_orders(path):\n    table = pd.read_csv(path)\n    return table",),
        wrong=(
            "def read_orders(path):\n    return pd.read_csv(path).dropna()",
            "def read_orders(path)\n    return pd.read_csv(path)",
        ),
    ),
    Task(
        "clean_orders",
        stub=_stub("clean_orders(raw)"),
        solution="""\
def clean_orders(raw):
    table = raw.drop_duplicates("order_id").query("quantity > 0").copy()
    table["price"] = table["price"].str.removesuffix(" EUR").str.replace(",", ".").astype(float)
    table["ordered"] = pd.to_datetime(table["ordered"])
    table["country"] = table["country"].str.strip().str.upper()
    table["discount"] = table["discount"].fillna(0.0)
    table["returned"] = table["returned"] == "yes"
    table["revenue"] = table["price"] * table["quantity"] * (1 - table["discount"])
    return table.reset_index(drop=True)""",
        setup="orders = clean_orders(raw)\norders.head()",
        test=_hidden(
            "# 4 points: no order twice, prices as numbers, countries in one spelling, the revenue",
            _FRESH
            + """
given = fresh_orders(0x3A91_77C2, 12_000)
given = pd.concat([given, given.head(50)], ignore_index=True)
got, want = clean_orders(given), cleaned(given)
award(sum([
    holds("no order twice", lambda: sorted(got.order_id) == sorted(want.order_id)),
    holds("prices are numbers", lambda: np.isclose(got.price.sum(), want.price.sum())),
    holds("countries in one spelling", lambda: set(got.country) == {"DE", "AT", "CH"}),
    holds("the revenue", lambda: np.isclose(got.revenue.sum(), want.revenue.sum())),
]), 4)""",
        ),
        points=4,
        right=(
            """\
def to_number(text):
    return float(text.split(" ")[0].replace(",", "."))

def clean_orders(raw):
    table = raw[raw.quantity > 0].drop_duplicates(subset=["order_id"])
    table = table.assign(
        price=table.price.map(to_number),
        ordered=pd.to_datetime(table.ordered, format="%Y-%m-%d"),
        country=table.country.str.upper().str.strip(),
        discount=table.discount.fillna(0),
        returned=table.returned.eq("yes"),
    )
    return table.assign(revenue=table.price * table.quantity * (1 - table.discount)).reset_index(drop=True)""",
        ),
        wrong=(
            """\
def clean_orders(raw):
    table = raw.copy()
    table["price"] = table["price"].str.removesuffix(" EUR").str.replace(",", ".").astype(float)
    table["ordered"] = pd.to_datetime(table["ordered"])
    table["discount"] = table["discount"].fillna(0.0)
    table["returned"] = table["returned"] == "yes"
    table["revenue"] = table["price"] * table["quantity"]
    return table""",
            "def clean_orders(raw):\n    table = raw.drop_duplicates('order_id')\n"
            "    table['price'] = table['price'].astype(float)\n    return table",
        ),
    ),
    Task(
        "monthly_revenue",
        stub=_stub("monthly_revenue(orders)"),
        solution="def monthly_revenue(orders):\n"
        "    return orders.groupby(orders['ordered'].dt.strftime('%Y-%m'))['revenue'].sum().sort_index()",
        test=_hidden(
            "# 3 points: a series by month, sorted",
            _FRESH
            + """
given = cleaned(fresh_orders(0x11C8_90EF, 12_000))
got = monthly_revenue(given)
want = given.groupby(given.ordered.dt.strftime("%Y-%m")).revenue.sum()
award(sum([
    holds("twelve months", lambda: len(got) == 12),
    holds("in order", lambda: list(got.index) == sorted(want.index)),
    holds("the sums", lambda: np.allclose(got.to_numpy(), want.to_numpy())),
]), 3)""",
        ),
        points=3,
        right=(
            "def monthly_revenue(orders):\n    months = orders.assign(month=orders.ordered.dt.strftime('%Y-%m'))\n"
            "    return months.pivot_table(index='month', values='revenue', aggfunc='sum')['revenue']",
        ),
        wrong=(
            "def monthly_revenue(orders):\n    month = orders.ordered.dt.strftime('%Y-%m')\n"
            "    return orders.groupby(month).revenue.mean()",
            "def monthly_revenue(orders):\n    return 1 / 0",
        ),
    ),
    Task(
        "plot_months",
        stub="labels = []",
        solution="""\
months = monthly_revenue(orders)
fig, ax = plt.subplots(figsize=(8, 3.5))
ax.plot(range(len(months)), months.to_numpy(), marker="o")
ax.set_xticks(range(0, len(months), 3), months.index[::3], rotation=45)
ax.set_xlabel("month")
ax.set_ylabel("revenue [EUR]")
ax.set_title("Revenue by month")
labels = [ax.get_xlabel(), ax.get_ylabel(), ax.get_title()]
plt.show()""",
        test=_hidden(
            "# 2 points: a figure with labelled axes and a title\nassert len(labels) == 3",
            "assert labels[0] and 'EUR' in labels[1]\nassert labels[2]",
        ),
        points=2,
        right=(
            """\
series = monthly_revenue(orders)
figure, axes = plt.subplots()
axes.bar(np.arange(len(series)), series.values)
axes.set(xlabel="month", ylabel="EUR", title="How much came in")
labels = [axes.get_xlabel(), axes.get_ylabel(), axes.get_title()]""",
        ),
        wrong=("labels = ['month', 'revenue', '']\nmonthly_revenue(orders).plot();", "plt.plot(months)"),
    ),
    Task(
        "make_features",
        stub=_stub("make_features(orders)"),
        solution="""\
def make_features(orders):
    X = orders[["category", "country", "price", "quantity", "discount"]].copy()
    X["month"] = orders["ordered"].dt.month
    return X, orders["returned"].astype(int)""",
        setup="X, y = make_features(orders)\n"
        "X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=7)",
        test=_hidden(
            "# 3 points: what is known when the order comes in, and nothing else",
            _FRESH
            + """
given = cleaned(fresh_orders(0x7B1D_0042, 4_000))
features, target = make_features(given)
award(sum([
    holds("one row an order", lambda: len(features) == len(given) == len(target)),
    holds("the answer isn't a feature", lambda: "returned" not in features.columns),
    holds("the target is 0 or 1", lambda: np.array_equal(target.to_numpy(), given.returned.astype(int).to_numpy())),
]), 3)""",
        ),
        points=3,
        right=(
            "def make_features(orders):\n    columns = ['category', 'country', 'price', 'quantity', 'discount']\n"
            "    return orders[columns], orders.returned.astype('int64')",
        ),
        wrong=(
            "def make_features(orders):\n    return orders.drop(columns=['ordered']), orders.returned.astype(int)",
            "def make_features(orders):\n    return orders.iloc[:100][['price', 'discount', 'category', 'country', "
            "'quantity']], orders.returned[:100].map({True: 1, False: -1})",
        ),
    ),
    Task(
        "build_model",
        stub=_stub("build_model()"),
        solution="""\
def build_model():
    columns = ColumnTransformer(
        [("words", OneHotEncoder(handle_unknown="ignore"), ["category", "country"])],
        remainder=StandardScaler(),
    )
    return make_pipeline(columns, LogisticRegression(max_iter=300))""",
        setup="model = build_model()\nmodel.fit(X_train, y_train)\nmodel.score(X_test, y_test)",
        test=_hidden(
            "# 4 points: a pipeline that takes the features as they are, and ranks orders well",
            _FRESH
            + """
from sklearn.metrics import roc_auc_score
features, _ = make_features(cleaned(fresh_orders(0x0D1C_E5A7, 6_000)))
odds = 0.02 * features.price - 2.0 * features.discount + 0.8 * (features.category == "games") - 1.2
truth = np.random.default_rng(0x9E2).random(len(odds)) < 1 / (1 + np.exp(-odds))
chance = model.predict_proba(features)
award(sum([
    holds("a chance for each class", lambda: chance.shape == (len(features), 2)),
    holds("chances add up", lambda: np.allclose(chance.sum(axis=1), 1)),
    holds("ranks better than chance", lambda: roc_auc_score(truth, chance[:, 1]) > 0.6),
    holds("ranks well", lambda: roc_auc_score(truth, chance[:, 1]) > 0.64),
]), 4)""",
        ),
        points=4,
        right=(
            """\
def build_model():
    numbers = ["price", "quantity", "discount"]
    columns = ColumnTransformer([
        ("numbers", StandardScaler(), numbers),
        ("words", OneHotEncoder(handle_unknown="ignore"), ["category", "country"]),
    ])
    return make_pipeline(columns, LogisticRegression(C=0.5, max_iter=200))""",
        ),
        wrong=(
            """\
def build_model():
    columns = ColumnTransformer([("numbers", StandardScaler(), ["quantity"])])
    return make_pipeline(columns, LogisticRegression())""",
            "def build_model():\n    return LogisticRegression()",
        ),
    ),
    Task(
        "evaluate",
        stub=_stub("evaluate(model, X, y)"),
        solution="""\
def evaluate(model, X, y):
    scores = cross_val_score(model, X, y, cv=3, scoring="roc_auc")
    return {"mean": float(scores.mean()), "std": float(scores.std()), "folds": len(scores)}""",
        setup="quality = evaluate(build_model(), X_train, y_train)\nquality",
        test=_hidden(
            "# 3 points: mean, spread and number of folds\nassert quality['folds'] == 3",
            "assert type(quality['mean']) is float and 0.6 < quality['mean'] < 0.8\nassert 0 < quality['std'] < 0.1",
        ),
        points=3,
        right=(
            "def evaluate(model, X, y):\n    each = cross_val_score(model, X, y, cv=3, scoring='roc_auc')\n"
            "    return dict(mean=float(np.mean(each)), std=float(np.std(each)), folds=3)",
        ),
        wrong=(
            "def evaluate(model, X, y):\n    model.fit(X, y)\n"
            "    return {'mean': float(model.score(X, y)), 'std': 0.0, 'folds': 1}",
            "def evaluate(model, X, y):\n    return cross_val_score(model, X, y, cv=3).mean()",
        ),
    ),
    Task(
        "plot_categories",
        stub="top = None",
        solution="""\
totals = orders.groupby("category")["revenue"].sum().sort_values(ascending=False)
top = totals.index[0]
fig, ax = plt.subplots(figsize=(6, 3.5))
ax.bar(totals.index, totals.to_numpy() / 1000, color="tab:green")
ax.set_xlabel("category")
ax.set_ylabel("revenue [1000 EUR]")
ax.set_title(f"{top} earn most")
plt.show()
totals.to_frame().round(1)""",
        test=_hidden(
            "# 2 points: bars from the largest down\nassert top in totals.index",
            "assert totals.iloc[0] == totals.max() and top == 'books'\nassert len(totals) == 4",
        ),
        points=2,
        right=(
            """\
totals = orders.pivot_table(index="category", values="revenue", aggfunc="sum").revenue
totals = totals.sort_values()[::-1]
top = totals.idxmax()
totals.plot.bar(xlabel="category", ylabel="EUR", title="Revenue");""",
        ),
        wrong=(
            "totals = orders.category.value_counts()\ntop = totals.index[-1]\ntotals.plot.bar();",
            "top = orders.top()",
        ),
    ),
)
