"""What a zygote does before it's asked for anything, so that no copy of it pays for doing it the first time.

Libraries import, compile and cache at first use: a first figure costs 0.1 s more than the second. So the zygote does
what notebooks do, with the libraries that it has imported and no others, and then forgets the names. Nothing in here
depends on an assignment or a student.
"""

import contextlib
import importlib
import io
import sys
import time
import warnings
from typing import TYPE_CHECKING, Any

from judge.channel import pair
from judge.codec import CodecError, decode, encode
from judge.objects import Table

if TYPE_CHECKING:  # the judge's processes have no use for IPython
    from judge.shell import Shell

TABLES = """
import io
import numpy as np
import pandas as pd
text = "number,day,word,price,share\\n" + "".join(
    f"{n % 40},2024-{1 + n % 12:02d}-01,{'abc'[n % 3]} ,{n}.50 EUR,{'' if n % 5 == 0 else n / 100}\\n"
    for n in range(400)
)
table = pd.read_csv(io.StringIO(text), dtype={"price": str})
table = table.drop_duplicates("number").query("number >= 0").copy()
table["price"] = table["price"].str.removesuffix(" EUR").str.replace(",", ".").astype(float)
table["day"] = pd.to_datetime(table["day"])
table["word"] = table["word"].str.strip().str.upper().astype("category")
table["share"] = table["share"].fillna(table["share"].median())
table = table.assign(month=table.day.dt.month, year=table.day.dt.strftime("%Y"))
table = table.assign(large=lambda one: one.price > one.price.mean())
table[(table.price > 3) & table.word.isin(["A", "B"])].sort_values(["price", "word"]).reset_index(drop=True)
table.groupby("word", observed=True)["price"].agg(["mean", "count"])
table.groupby(["word", "month"], observed=True).price.sum().unstack()
table.pivot_table(index="month", columns="word", values="price", aggfunc="sum", observed=True)
table.merge(table[["number", "price"]], on="number", how="left").price_x.map(str).apply(len)
pd.concat([table, table.head(3)], ignore_index=True).value_counts("month")
table.price.quantile([0.1, 0.9]), table.isna().mean(), table.corr(numeric_only=True), pd.cut(table.price, 3)
np.allclose(table.price, table.price.to_numpy()), np.linalg.lstsq(np.eye(3), np.ones(3), rcond=None)
table.to_csv(io.StringIO())
"""
SHOWN = ("table.head()", "table.describe()", "table.info()", "table.word.value_counts()", "table.price", "table.dtypes")
FIGURES = """
import matplotlib.pyplot as plt
fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.5))
left.plot([1, 2, 3], marker="o", label="line")
left.scatter([1, 2, 3], [2, 3, 1], label="points")
left.set_xticks([0, 1, 2], ["2024-01", "2024-02", "2024-03"], rotation=45)
left.legend()
left.grid(True)
right.bar(["a", "b"], [1, 2])
right.hist([1, 2, 2, 3], bins=3, alpha=0.5)
right.set(xlabel="x [EUR]", ylabel="y (1000)", title="A title: 0123456789")
fig.tight_layout()
plt.show()
plt.imshow([[0, 1], [1, 0]]); plt.colorbar(); plt.show()
"""
TABLE_FIGURES = "table.price.plot(title='price'); plt.show()\ntable.groupby('month').price.sum().plot.bar(); plt.show()"
MODELS = """
import numpy as np, pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, classification_report, mean_squared_error, roc_auc_score
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
X = pd.DataFrame({"number": np.arange(60.0), "word": ["a", "b", "c"] * 20})
y = np.arange(60) % 2
first, second, y_first, y_second = train_test_split(X, y, test_size=0.25, random_state=0, stratify=y)
columns = ColumnTransformer([("words", OneHotEncoder(handle_unknown="ignore"), ["word"])], remainder=StandardScaler())
model = make_pipeline(columns, LogisticRegression(max_iter=50)).fit(first, y_first)
chance = model.predict_proba(second)[:, 1]
roc_auc_score(y_second, chance), accuracy_score(y_second, chance > 0.5), classification_report(y_second, chance > 0.5)
cross_val_score(model, X, y, cv=3, scoring="roc_auc")
mean_squared_error(y, LinearRegression().fit(X[["number"]], y).predict(X[["number"]]))
model
"""
FAILING = "def f():\n    return [][1]\nf()"


def warm_up(shell: "Shell") -> None:
    """For students' processes. Leaves the shell as new: no name, no figure, no count."""
    look_for_libraries_without_proc()
    given = dict(shell.user_ns)
    cells = ["1 + 1", "print('a')", FAILING, "def", *_cells()]
    for cell in cells:
        shell.run(cell)
    warm_up_codec(shell.user_ns)
    shell.run("get_ipython().user_ns.get('plt') and plt.close('all')")
    shell.reset(new_session=True)  # type: ignore[no-untyped-call]  # IPython has no types
    shell.user_ns.update({name: value for name, value in given.items() if name not in shell.user_ns})
    shell.execution_count = 1
    shell.end_loop()
    shell.tape.take()


def warm_up_judge() -> None:
    """For the judge's processes."""
    look_for_libraries_without_proc()
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for cell in _cells():
            if "plt" not in cell:
                with contextlib.suppress(Exception):  # what fails here fails again, where somebody sees it
                    exec(compile(cell, "<warm>", "exec"), names)
    warm_up_codec(names)


def look_for_libraries_without_proc() -> None:
    """threadpoolctl, which k-means and others call, reads /proc/self/maps, where a confined process can't; it knows
    another way, for machines without /proc."""
    with contextlib.suppress(ImportError):
        importlib.import_module("threadpoolctl").__dict__["_HAS_PROCFS"] = False


def warm_up_codec(names: dict[str, Any]) -> None:
    """Values of common kinds there and back, in a packet and in a memory file."""
    values = [names.get(name) for name in ("table", "X", "y", "chance")]
    near, far = pair()
    with near, far:
        for value in ([1, 2.5, None, True, {"a": (1, "b")}], *values, list(range(20_000))):
            with contextlib.suppress(CodecError):
                near.send({"do": "warm"}, encode([value, ""], Table(lambda *_: None)))
                decode(far.receive(time.monotonic() + 10).frame)


def _cells() -> list[str]:
    """Cells for the libraries that are there."""
    cells = []
    if "pandas" in sys.modules:
        cells += [TABLES, *SHOWN]
    if "matplotlib.pyplot" in sys.modules:
        cells.append(FIGURES)
    if {"pandas", "matplotlib.pyplot"} <= sys.modules.keys():
        cells += TABLE_FIGURES.splitlines()
    if "pandas" in sys.modules and any(name.startswith("sklearn.") for name in sys.modules):
        cells.append(MODELS)
    return cells
