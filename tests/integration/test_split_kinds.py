"""Estimators, figures, web applications, tables and objects of the student, asked by tests from another process."""

from collections.abc import Iterator

import pytest

from judge.plan import GradingJob, GradingResult, Limits, PlanCell, State
from judge.runner import Runner
from judge.sandbox.slots import own_uid

pytestmark = pytest.mark.needs("sandbox")
# ruff: noqa: E501

LIMITS = Limits(cell_s=20, call_s=20, test_s=25, total_s=60, memory_mb=1500, processes=40)
KIT = "from judge.kit import award, holds, http, inplace, push, student_figure, student_source\n"


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    preload = ["numpy", "pandas", "sklearn.pipeline", "sklearn.linear_model", "sklearn.ensemble", "sklearn.compose"]
    preload += ["sklearn.preprocessing", "sklearn.impute", "sklearn.model_selection", "matplotlib.pyplot", "fastapi"]
    with own_uid() as uid, Runner(preload=preload, uid=uid) as runner:
        yield runner


def grade(runner: Runner, answer: str, *tests: str) -> GradingResult:
    cells = [PlanCell("answer", "student", answer)]
    cells += [PlanCell(f"test{number}", "test", KIT + test, 1.0) for number, test in enumerate(tests, 1)]
    return runner.grade(GradingJob("job", "ps1", tuple(cells), limits=LIMITS))


def reasons(result: GradingResult) -> str:
    return f"{[cell.error for cell in result.cells]} {[verdict.reason for verdict in result.verdicts]}"


DATA = """
import numpy as np, pandas as pd
rng = np.random.default_rng(5)
X = pd.DataFrame({"a": rng.normal(size=60), "b": rng.choice(list("xyz"), 60)})
y = (X.a + (X.b == "x") > 0.3).astype(int).to_numpy()
"""
PIPELINE = """
import numpy as np
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
def build():
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    columns = ColumnTransformer([
        ("numbers", numbers, make_column_selector(dtype_include=np.number)),
        ("words", OneHotEncoder(handle_unknown="ignore", dtype=np.float32), ["b"]),
    ])
    return Pipeline([("columns", columns), ("model", LogisticRegression(C=2.0, max_iter=400))], memory="cache")
def fit(X, y):
    return build().fit(X, y)
def search():
    folds = StratifiedKFold(3, shuffle=True, random_state=1)
    return GridSearchCV(build(), {"model__C": [0.1, 1.0]}, cv=folds, scoring="roc_auc", n_jobs=-1)
"""


def test_k_means_runs_in_a_cell_and_cores_can_be_counted(runner: Runner) -> None:
    """Both look where a confined process may not."""
    answer = (
        "import joblib\nfrom sklearn.cluster import KMeans\nlabels = KMeans(2).fit([[0.0], [9.0]]).labels_.tolist()\n"
    )
    answer += "cores = joblib.cpu_count(only_physical_cores=True)"

    result = grade(runner, answer, "award(sorted(labels) == [0, 1] and cores == 1, 1)")

    assert result.points == 1.0, reasons(result)


@pytest.mark.parametrize(
    "test",
    [
        pytest.param(
            "from sklearn.pipeline import Pipeline\nfrom sklearn.linear_model import LogisticRegression\nm = fit(X, y)\n"
            "award(isinstance(m, Pipeline) and isinstance(m.named_steps['model'], LogisticRegression) and list(m.named_steps) == ['columns', 'model'] and m[-1].C == 2.0 and type(m).__name__ == 'Pipeline', 1)",
            id="classes and steps",
        ),
        pytest.param(
            "m = fit(X, y)\np = m.predict_proba(X)\n"
            "award(m.predict(X).shape == (60,) and np.allclose(p.sum(axis=1), 1) and m.decision_function(X).shape == (60,) and m[:-1].transform(X).shape == (60, 4), 1)",
            id="predictions",
        ),
        pytest.param(
            "m = fit(X, y)\nfrom sklearn.metrics import accuracy_score, get_scorer\n"
            "award(m.score(X, y) == accuracy_score(y, m.predict(X)) > 0.7 and get_scorer('roc_auc')(m, X, y) > 0.7, 1)",
            id="score",
        ),
        pytest.param(
            "from sklearn.linear_model import LinearRegression\nfrom sklearn.base import clone\n"
            "m = regress(X[['a']], X.a * 3)\naward(isinstance(m, LinearRegression) and m.score(X[['a']], X.a * 3) > 0.999 and abs(m.coef_[0] - 3) < 1e-9, 1)",
            id="regression",
        ),
        pytest.param(
            "from sklearn.base import clone\nfrom sklearn.model_selection import cross_val_score, cross_validate\n"
            "m = fit(X, y)\nown = clone(m)\n"
            "award(own is not m and own.get_params()['model__C'] == 2.0 and own.get_params()['memory'] is None and cross_val_score(m, X, y, cv=3).mean() > 0.7 and cross_validate(m, X, y, cv=3)['test_score'].shape == (3,), 1)",
            id="clone and cross-validation",
        ),
        pytest.param(
            "from sklearn.model_selection import GridSearchCV\nown = GridSearchCV(build(), {'model__C': [0.1, 1.0]}, cv=2).fit(X, y)\n"
            "s = search().fit(X, y)\naward(own.best_params_['model__C'] in (0.1, 1.0) and s.best_params_['model__C'] in (0.1, 1.0) and s.score(X, y) > 0.7 and len(s.cv_results_['mean_test_score']) == 2, 1)",
            id="grid search",
        ),
        pytest.param(
            "from sklearn.utils.validation import check_is_fitted\nfrom sklearn.exceptions import NotFittedError\nm = fit(X, y)\ncheck_is_fitted(m)\n"
            "try:\n    check_is_fitted(build())\n    raw = False\nexcept NotFittedError:\n    raw = True\n"
            "award(raw and m['model'].classes_.tolist() == [0, 1] and m['model'].coef_.shape == (1, 4) and m.n_features_in_ == 2 and m.feature_names_in_.tolist() == ['a', 'b'], 1)",
            id="fitted attributes",
        ),
        pytest.param(
            "m = build()\nsame = m.set_params(model__C=5.0)\nhas = hasattr(m, 'predict_proba') and not hasattr(m, 'transform')\n"
            "award(has and same is m and m.get_params()['model__C'] == 5.0 and m.fit(X, y) is m, 1)",
            id="parameters",
        ),
        pytest.param(
            "from sklearn.linear_model import LogisticRegression\nfrom sklearn.model_selection import StratifiedKFold\n"
            "award(isinstance(search().cv, StratifiedKFold) and 0 < evaluate(LogisticRegression(C=3), X[['a']], y) <= 1, 1)",
            id="estimator of the test and splitter of the student",
        ),
        pytest.param("award(forest(X[['a']], y).feature_importances_.tolist() == [1.0], 1)", id="importances"),
        pytest.param("award(sparse().toarray().tolist() == [[1.0, 0.0], [0.0, 1.0]], 1)", id="sparse"),
    ],
)
def test_a_student_s_estimator_is_asked_for_predictions_and_judged_here(runner: Runner, test: str) -> None:
    answer = PIPELINE + (
        "from sklearn.linear_model import LinearRegression\nfrom sklearn.model_selection import cross_val_score\n"
        "from sklearn.ensemble import RandomForestClassifier\nfrom scipy.sparse import eye\n"
        "def regress(X, y): return LinearRegression().fit(X, y)\n"
        "def evaluate(m, X, y): return cross_val_score(m, X, y, cv=3).mean()\n"
        "def forest(X, y): return RandomForestClassifier(5, n_jobs=-1, random_state=1).fit(X, y)\n"
        "def sparse(): return eye(2, format='csr')\n"
    )

    result = grade(runner, answer, DATA + test)

    assert result.points == 1.0, reasons(result)


HIGH = "from sklearn.linear_model import LogisticRegression\n"


@pytest.mark.parametrize(
    ("answer", "test"),
    [
        pytest.param(
            HIGH
            + "class Best(LogisticRegression):\n    def score(self, X, y): return 1.0\n    def predict(self, X): return X.a * 0\ndef fit(X, y): return Best().fit(X[['a']], y)",
            "award(fit(X, y).score(X, y) > 0.9, 1)",
            id="score of a subclass",
        ),
        pytest.param(
            HIGH
            + "def fit(X, y):\n    m = LogisticRegression().fit(X[['a']], y)\n    m.score = lambda X, y: 1.0\n    m.predict = lambda X: X.a * 0\n    return m",
            "award(fit(X, y).score(X, y) > 0.9, 1)",
            id="score of an instance",
        ),
        pytest.param(
            HIGH
            + "class Best(LogisticRegression):\n    def predict_proba(self, X): return Yes()\nclass Yes:\n    def __gt__(s, o): return s\n    def all(s): return s\n    def __bool__(s): return True\n    def __array__(s, *a, **k): import numpy; return numpy.ones(60)\ndef fit(X, y): return Best()",
            "p = fit(X, y).predict_proba(X)\naward(1 if (p > 0.5).all() else 0, 1)",
            id="probabilities that lie",
        ),
        pytest.param(
            "class Fake:\n    @property\n    def __class__(self):\n        from sklearn.linear_model import LogisticRegression\n        return LogisticRegression\n    def get_params(self, deep=True): return {}\n    def score(self, X, y): return 1.0\ndef fit(X, y): return Fake()",
            "from sklearn.linear_model import LogisticRegression\naward(isinstance(fit(X, y), LogisticRegression), 1)",
            id="class that lies",
        ),
        pytest.param(
            HIGH
            + "class Own(LogisticRegression):\n    def fit(self, X, y): self.t = dict(zip(map(str, X.values), y)); return self\ndef fit(X, y): return Own()",
            "from sklearn.model_selection import cross_val_score\naward(cross_val_score(fit(X, y), X, y, cv=3).mean() > 0, 1)",
            id="cross-validation of a subclass",
        ),
        pytest.param(
            "import judge.kinds, judge.estimators\njudge.kinds.describe = lambda v: {'kind': 'estimator', 'name': 'FunctionTransformer'} if type(v) is F else None\nclass F:\n    def score(s, X, y): return 1.0\ndef fit(X, y): return F()",
            "award(fit(X, y).score(X, y) > 0.9, 1)",
            id="class outside the list",
        ),
        pytest.param(
            "import judge.kinds, judge.objects\njudge.objects.describe = lambda v: {'kind': 'estimator', 'name': 'LogisticRegression'}\njudge.kinds.look = lambda *a: {'frame': b'SP1', 'is_fitted': True}\nclass F:\n    def score(s, X, y): return 1.0\ndef fit(X, y): return F()",
            "from sklearn.model_selection import cross_val_score\naward(cross_val_score(fit(X, y), X, y, cv=3, error_score='raise').mean() > 0, 1)",
            id="specification that is none",
        ),
        pytest.param(
            HIGH
            + "class S:\n    def predict(self, X): import numpy; return numpy.zeros(len(X), int)\n    def evaluate(self, X, y): return 1.0\ndef fit(X, y): return S()",
            "award(fit(X, y).evaluate(X, y) > 0.9, 1)",
            id="evaluate",
        ),
        pytest.param(
            "from sklearn.ensemble import RandomForestClassifier\ndef fit(X, y): return RandomForestClassifier(10**9)",
            "from sklearn.model_selection import cross_val_score\naward(cross_val_score(fit(X, y), X[['a']], y, cv=3).mean() > 0, 1)",
            id="a billion trees",
        ),
        pytest.param(
            "from sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import FunctionTransformer\n"
            + HIGH
            + "def fit(X, y): return make_pipeline(FunctionTransformer(lambda X: X[['a']]), LogisticRegression())",
            "from sklearn.base import clone\naward(clone(fit(X, y)) is not None, 1)",
            id="code as a parameter",
        ),
    ],
)
def test_an_estimator_that_lies_earns_nothing(runner: Runner, answer: str, test: str) -> None:
    lied = grade(runner, answer, DATA + test)
    honest = grade(runner, PIPELINE, DATA + "award(fit(X, y).score(X, y) > 0.7, 1)")

    assert lied.points == 0.0, reasons(lied)
    assert lied.verdicts[0].state in (State.wrong, State.error, State.crashed), reasons(lied)
    assert honest.points == 1.0, reasons(honest)


def test_labels_never_reach_the_student_when_a_model_is_scored(runner: Runner) -> None:
    """The model notes all it is given; a later attribute tells it, and no label is in it."""
    answer = (
        "from sklearn.linear_model import LinearRegression\nimport numpy as np\nseen = []\n"
        "old = LinearRegression.predict\n"
        "def note(self, *a, **k):\n    seen.append((len(a), sorted(k)))\n    return old(self, *a, **k)\n"
        "LinearRegression.predict = note\nLinearRegression.score = lambda *a, **k: seen.append('score')\n"
        "def fit(X, y): return LinearRegression().fit(X, y)\ndef told(): return seen\n"
    )
    test = "m = fit(X[['a']], X.a)\ns = m.score(X[['a']], X.a * 1.0)\naward(s > 0.99 and told() == [(1, [])], 1)"

    result = grade(runner, answer, DATA + test)

    assert result.points == 1.0, reasons(result)


def test_a_refused_clone_says_why(runner: Runner) -> None:
    answer = "from sklearn.linear_model import Ridge\nclass Own(Ridge): pass\ndef own(): return Own()\n"
    answer += "from sklearn.svm import SVC\ndef kernel(): return SVC(kernel=lambda a, b: a @ b.T)\n"
    answer += "from sklearn.feature_extraction.text import CountVectorizer\ndef files(): return CountVectorizer(input='filename')"
    test = "from sklearn.base import clone\naward(clone({}()) is not None, 1)"

    result = grade(runner, answer, *(test.format(name) for name in ("own", "kernel", "files")))

    assert result.points == 0.0
    own, kernel, files = (verdict.reason or "" for verdict in result.verdicts)
    assert "CannotJudge" in own
    assert "Own is no estimator of scikit-learn's own" in own
    assert "a parameter is a function" in kernel
    assert "CannotJudge" in files


FIGURE = """
import matplotlib.pyplot as plt, numpy as np
def draw(values):
    fig, ax = plt.subplots(figsize=(5, 3))
    ax.plot([1, 2, 3], values, label="line")
    ax.bar(["x", "y"], [3, 4], label="bars")
    ax.scatter([1, 2], [3, 4])
    ax.set(title="Prices", xlabel="year", ylabel="EUR", ylim=(0, 9))
    ax.legend()
    ax.text(0, 0, "note")
    return fig, ax
def many():
    fig, axes = plt.subplots(1, 2)
    axes[0].imshow(np.eye(3))
    axes[1].pie([1, 3])
    return axes
def show():
    plt.plot([1, 2], [3, 4])
    plt.title("shown")
top = plt.figure()
top.add_subplot().hist([1, 1, 2], bins=2)
"""


@pytest.mark.parametrize(
    "test",
    [
        pytest.param(
            "award(ax.get_title() == 'Prices' and ax.get_xlabel() == 'year' and ax.get_ylabel() == 'EUR' and ax.get_ylim() == (0, 9) and fig.axes[0].get_xscale() == 'linear' and fig.get_size_inches().tolist() == [5, 3], 1)",
            id="texts and limits",
        ),
        pytest.param(
            "award(ax.lines[0].get_ydata().tolist() == [4, 5, 6] and ax.get_lines()[0].get_xydata().shape == (3, 2) and ax.lines[0].get_label() == 'line', 1)",
            id="lines",
        ),
        pytest.param(
            "award([p.get_height() for p in ax.patches] == [3, 4] and len(ax.containers[0]) == 2 and ax.patches[0].get_width() == 0.8 and [t.get_text() for t in ax.get_xticklabels()] == ['x', 'y'], 1)",
            id="bars",
        ),
        pytest.param(
            "award(ax.collections[0].get_offsets().tolist() == [[1, 3], [2, 4]] and ax.texts[0].get_text() == 'note', 1)",
            id="points",
        ),
        pytest.param(
            "award(sorted(t.get_text() for t in ax.get_legend().get_texts()) == ['bars', 'line'] and ax.get_legend_handles_labels()[1] == ['line', 'bars'], 1)",
            id="legend",
        ),
        pytest.param(
            "from matplotlib.figure import Figure\nfrom matplotlib.axes import Axes\naward(isinstance(fig, Figure) and isinstance(ax, Axes) and ax.get_figure().get_figwidth() == 5, 1)",
            id="classes",
        ),
        pytest.param(
            "import io\nout = io.BytesIO()\nfig.savefig(out)\naward(out.getvalue()[1:4] == b'PNG' and fig.png()[1:4] == b'PNG', 1)",
            id="picture",
        ),
        pytest.param(
            "axes = many()\naward(axes.shape == (2,) and axes[0].images[0].get_array().shape == (3, 3) and axes[1].patches[0].theta2 == 90.0, 1)",
            id="array of axes",
        ),
        pytest.param("show()\naward(student_figure().axes[0].get_title() == 'shown', 1)", id="current figure"),
        pytest.param("award([p.get_height() for p in top.axes[0].patches] == [2, 1], 1)", id="figure of a cell"),
        pytest.param(
            "try:\n    ax.get_shared_x_axes()\nexcept AttributeError as error:\n    text = str(error)\naward('knows no get_shared_x_axes' in text, 1)",
            id="unsupported says so",
        ),
    ],
)
def test_a_student_s_figure_is_looked_at(runner: Runner, test: str) -> None:
    result = grade(runner, FIGURE, f"fig, ax = draw([4, 5, 6])\n{test}")

    assert result.points == 1.0, reasons(result)


YES = "class Yes(str):\n    __eq__ = lambda s, o: True\n    __ne__ = lambda s, o: False\n    __hash__ = str.__hash__\n    __bool__ = lambda s: True\n    __len__ = lambda s: 5\n"
TITLE = "fig, ax = draw()\naward(1 if ax.get_title() == 'Prices' else 0, 1)"


@pytest.mark.parametrize(
    ("answer", "test"),
    [
        pytest.param(
            "import matplotlib.pyplot as plt\n"
            + YES
            + "def draw():\n    fig, ax = plt.subplots()\n    ax.get_title = lambda *a, **k: Yes('no')\n    return fig, ax",
            TITLE,
            id="title that lies",
        ),
        pytest.param(
            YES + "class Ax:\n    def get_title(s): return Yes('no')\ndef draw(): return 1, Ax()", TITLE, id="own axes"
        ),
        pytest.param(
            "from matplotlib.axes import Axes\n"
            + YES
            + "class Mine(Axes):\n    def get_title(s, loc='center'): return Yes('no')\n    __eq__ = lambda s, o: True\n    __hash__ = Axes.__hash__\n"
            "def draw():\n    from matplotlib.figure import Figure\n    f = Figure()\n    return f, Mine(f, (0, 0, 1, 1))",
            TITLE,
            id="subclass of Axes",
        ),
        pytest.param(
            "from matplotlib.figure import Figure\nclass Mine(Figure):\n    __eq__ = lambda s, o: True\n    __hash__ = Figure.__hash__\ndef draw(): return Mine(), 0",
            "award(1 if draw()[0] == 'a figure' else 0, 1)",
            id="figure that is equal to all",
        ),
        pytest.param(
            "import matplotlib.pyplot as plt\ndef draw(): return plt.subplots()",
            "award(1 if draw()[1] == 'Prices' else 0, 1)",
            id="axes compared with plain data",
        ),
        pytest.param(
            "import matplotlib.pyplot as plt, judge.kinds\njudge.kinds.look = lambda *a: {'class': 'Axes', 'get': {}, 'titles': {'center': ['Prices']}}\ndef draw(): return plt.subplots()",
            TITLE,
            id="summary that is none",
        ),
        pytest.param(
            "import judge.kinds, judge.objects\njudge.kinds.look = lambda *a: b'no picture'\nimport matplotlib.pyplot as plt\ndef draw(): return plt.subplots()",
            "award(len(draw()[0].png()) > 0, 1)",
            id="no picture",
        ),
    ],
)
def test_a_figure_that_lies_earns_nothing(runner: Runner, answer: str, test: str) -> None:
    lied = grade(runner, answer, test)
    honest = grade(runner, FIGURE, "award(draw([4, 5, 6])[1].get_title() == 'Prices', 1)")

    assert lied.points == 0.0, reasons(lied)
    assert lied.verdicts[0].state != State.grader_fault
    assert honest.points == 1.0, reasons(honest)


APP = """
from contextlib import asynccontextmanager
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel
@asynccontextmanager
async def life(app):
    app.state.starts = getattr(app.state, "starts", 0) + 1
    yield
app = FastAPI(lifespan=life)
items = {}
class Item(BaseModel):
    name: str
    price: float
@app.post("/items/{key}", status_code=201)
def add(key: int, item: Item):
    items[key] = item
    return item
@app.get("/items/{key}")
async def read(key: int, loud: bool = False):
    if key not in items:
        raise HTTPException(404, "no such item")
    return {"name": items[key].name.upper() if loud else items[key].name, "starts": app.state.starts}
@app.delete("/items/{key}", status_code=204)
def drop(key: int):
    del items[key]
async def echo(scope, receive, send):
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"X-Token", dict(scope["headers"]).get(b"x-token", b""))]})
    await send({"type": "http.response.body", "body": message["body"][::-1]})
"""
ASKED = """
client = http(app)
made = client.post("/items/3", json={"name": "é", "price": 2.5})
read = client.get("/items/3", params={"loud": True})
checks = [
    made.status_code == 201 and made.json() == {"name": "é", "price": 2.5},
    read.json() == {"name": "É", "starts": 1} and "json" in read.headers["content-type"],
    client.get("/items/4").status_code == 404 and "no such item" in client.get("/items/4").text,
    client.post("/items/5", json={"name": "x"}).status_code == 422,
    client.delete("/items/3").status_code == 204 and client.get("/items/3").status_code == 404,
    http(echo).put("/", content=b"abc", headers={"X-Token": "t"}).content == b"cba",
    http(echo).request("PUT", "/", headers={"X-Token": "t"}).headers["x-token"] == "t",
]
"""


def test_a_student_s_application_answers_requests_and_keeps_its_state(runner: Runner) -> None:
    result = grade(runner, APP, ASKED + "award(sum(checks) / len(checks), 1)")

    assert result.points == 1.0, reasons(result)


def test_the_test_client_of_fastapi_reaches_a_student_s_application(runner: Runner) -> None:
    test = "import warnings\nwarnings.simplefilter('ignore')\nfrom fastapi.testclient import TestClient\n"
    test += "with TestClient(app) as client:\n    made = client.post('/items/3', json={'name': 'a', 'price': 1})\n    award_ = made.json()['name'] == 'a' and client.get('/items/9').status_code == 404\naward(award_, 1)"

    result = grade(runner, APP, test)

    assert result.points == 1.0, reasons(result)


ANSWERED = "r = http(app).get('/sum')\naward(1 if r.status_code == 200 and r.json()['sum'] == 7 else 0, 1)"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(
            YES
            + "class N(int):\n    __eq__ = lambda s, o: True\n    __hash__ = int.__hash__\nasync def app(scope, receive, send):\n    await send({'type': 'http.response.start', 'status': N(500), 'headers': []})\n    await send({'type': 'http.response.body', 'body': b'{\"sum\": 1}'})",
            id="status that lies",
        ),
        pytest.param(
            "class B(bytes):\n    __bool__ = lambda s: True\n    __eq__ = lambda s, o: True\nasync def app(scope, receive, send):\n    await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n    await send({'type': 'http.response.body', 'body': B(b'true')})",
            id="true as a body",
        ),
        pytest.param(
            "async def app(scope, receive, send):\n    await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n    for _ in range(100):\n        await send({'type': 'http.response.body', 'body': b' ' * (1 << 20), 'more_body': True})",
            id="endless body",
        ),
        pytest.param(
            "class App:\n    def get(s, *a): return s\n    status_code = 200\n    def json(s): return {'sum': 7}\napp = App()",
            id="no application",
        ),
        pytest.param(
            "import judge.asgi\njudge.asgi.AppHost.request = lambda *a: [True, {'sum': 7}, 'x']\nasync def app(scope, receive, send): pass",
            id="answer of false types",
        ),
        pytest.param("app = {'sum': 7}", id="plain data"),
    ],
)
def test_an_application_that_lies_earns_nothing(runner: Runner, answer: str) -> None:
    lied = grade(runner, answer, ANSWERED)
    honest = grade(runner, APP, "award(http(app).get('/items/1').status_code == 404, 1)")

    assert lied.points == 0.0, reasons(lied)
    assert lied.verdicts[0].state != State.grader_fault
    assert honest.points == 1.0, reasons(honest)


OBJECTS = """
import copy, dataclasses, enum, io, re
from pathlib import Path
class Color(enum.Enum):
    RED = 1
    BLUE = 2
class Level(enum.IntEnum):
    LOW = 1
def favourite(): return Color.RED
def counts(): return {Color.RED: 2}
def level(): return Level.LOW
@dataclasses.dataclass
class Point:
    x: int
    y: int = 0
    made = 0
    @classmethod
    def origin(cls): return cls(0, 0)
    @staticmethod
    def size(a): return abs(a)
    @property
    def total(self): return self.x + self.y
    @total.setter
    def total(self, value):
        if value < 0: raise ValueError("negative")
        self.x = value
    def __add__(self, other): return Point(self.x + other.x, self.y + other.y)
class Box:
    log = []
    def __enter__(self): self.log.append("in"); return 5
    def __exit__(self, kind, error, trail): self.log.append(kind and kind.__name__); return True
    def __iter__(self): return iter([1, 2, 3])
class Countdown:
    def __init__(self, n): self.n = n
    def __iter__(self): return self
    def __next__(self):
        if self.n == 0: raise StopIteration
        self.n -= 1
        return self.n
def nearest(): return Point(1, 2)
def plus(x, by=1): return x + by
def twice(g, x): return g(g(x))
def retry(fn):
    def inner(*args):
        for _ in range(3):
            try: return fn(*args)
            except ValueError: pass
    inner.__name__ = fn.__name__
    return inner
def first_two(items): return [next(items), next(items)]
async def later(x): return x + 1
async def stream():
    yield 1
    yield 2
def below(path): return path / "b.csv"
def read(file): return file.read()
def write(file): file.write("hello")
def draw(rng): return rng.integers(10, size=3)
PATTERN = re.compile(r"(\\d+)-(\\d+)")
def kind_of(x): return type(x)
"""


@pytest.mark.parametrize(
    "test",
    [
        pytest.param(
            "award(favourite() == Color.RED and favourite() != Color.BLUE and favourite().name == 'RED' and favourite().value == 1 and isinstance(favourite(), Color) and [c.name for c in Color] == ['RED', 'BLUE'] and Color(2) == Color['BLUE'], 1)",
            id="enum",
        ),
        pytest.param("award(counts()[Color.RED] == 2 and level() == 1 and level() < 2, 1)", id="enum as key, int enum"),
        pytest.param(
            "award(nearest().x == 1 and nearest().total == 3 and isinstance(nearest(), Point), 1)",
            id="dataclass attributes",
        ),
        pytest.param(
            "award(Point.origin().x == 0 and Point.size(-2) == 2 and Point.made == 0, 1)", id="class and static methods"
        ),
        pytest.param(
            "p = Point(3)\np.total = 5\ntry:\n    p.total = -1\nexcept ValueError as error:\n    text = str(error)\naward(p.x == 5 and text == 'negative', 1)",
            id="property setter",
        ),
        pytest.param(
            "import copy\np = Point(3)\nq = copy.deepcopy(p)\nq.x = 9\naward(p.x == 3 and q == Point(9) and copy.copy(p) == p and (p + q).x == 12 and repr(q) == 'Point(x=9, y=0)', 1)",
            id="copies",
        ),
        pytest.param(
            "with Box() as value:\n    pass\ntry:\n    with Box():\n        raise KeyError('k')\nexcept KeyError:\n    went_on = True\naward(value == 5 and went_on and Box.log == ['in', None, 'in', 'KeyError'], 1)",
            id="context manager",
        ),
        pytest.param(
            "award(list(Box()) == [1, 2, 3] and list(Countdown(3)) == [2, 1, 0] and sum(Box()) == 6, 1)", id="iteration"
        ),
        pytest.param(
            "import functools\naward(sorted([3, 1, 2], key=plus) == [1, 2, 3] and functools.partial(plus, by=5)(1) == 6 and list(map(plus, [1])) == [2] and functools.reduce(plus, [1, 2, 3]) == 6, 1)",
            id="functions as keys",
        ),
        pytest.param(
            "import pandas as pd, numpy as np\naward(pd.DataFrame({'a': [1, 2]}).apply(plus).a.tolist() == [2, 3] and pd.Series([1]).map(plus).tolist() == [2] and pd.DataFrame({'a': [1, 1]}).groupby('a').a.agg(lambda s: plus(len(s))).tolist() == [3] and np.vectorize(plus)(np.array([1])).tolist() == [2], 1)",
            id="pandas and numpy",
        ),
        pytest.param(
            "award(twice(plus, 1) == 3 and twice(lambda x: plus(x) * 2, 1) == 10, 1)", id="callback that asks back"
        ),
        pytest.param(
            "calls = []\ndef flaky(x):\n    calls.append(x)\n    if len(calls) < 3:\n        raise ValueError('again')\n    return x\nsafe = retry(flaky)\naward(safe(7) == 7 and len(calls) == 3 and safe.__name__ == 'flaky', 1)",
            id="decorator",
        ),
        pytest.param(
            "import itertools\naward(first_two(itertools.count(5)) == [5, 6] and first_two(c for c in 'abc') == ['a', 'b'], 1)",
            id="iterators of the test",
        ),
        pytest.param(
            "import asyncio\naward(await asyncio.gather(later(1), later(2)) == [2, 3] and await later(5) == 6 and [x async for x in stream()] == [1, 2], 1)",
            id="async",
        ),
        pytest.param(
            "import inspect\naward(str(inspect.signature(plus)) == '(x, by=1)' and plus.__doc__ is None and plus.__name__ == 'plus', 1)",
            id="signature",
        ),
        pytest.param(
            "import io, numpy as np\nfrom pathlib import Path\nout = io.StringIO()\ninplace(write, out)\n"
            "award(below(Path('a')) == Path('a/b.csv') and read(io.StringIO('x')) == 'x' and out.getvalue() == 'hello' and draw(np.random.default_rng(3)).tolist() == np.random.default_rng(3).integers(10, size=3).tolist(), 1)",
            id="paths, files and generators",
        ),
        pytest.param("award(bool(PATTERN.fullmatch('12-3')) and kind_of(1) is int, 1)", id="patterns and classes"),
        pytest.param(
            "import ast\ntext = student_source('twice')\nnames = [n.name for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)]\naward('twice' in names and 'return g(g(x))' in text, 1)",
            id="source",
        ),
    ],
)
def test_objects_of_the_student_work_in_a_test_as_in_one_process(runner: Runner, test: str) -> None:
    result = grade(runner, OBJECTS, test)

    assert result.points == 1.0, reasons(result)


@pytest.mark.parametrize(
    ("answer", "test"),
    [
        pytest.param(
            "class f:\n    def __init__(s, *a): pass\n    __eq__ = __le__ = __ge__ = __lt__ = __gt__ = __contains__ = lambda s, o: True\n",
            "award(1 if f(3) == 9 else 0, 1)",
            id="class in a function's place",
        ),
        pytest.param(
            "class Yes:\n    __eq__ = lambda s, o: True\ndef make(): return Yes\n",
            "award(1 if make()() == 9 else 0, 1)",
            id="class that a function gives",
        ),
        pytest.param(
            OBJECTS, "award(1 if nearest() == (1, 2) else 0, 1)", id="object of the student against plain data"
        ),
        pytest.param(
            "class Quiet:\n    def __enter__(s): return s\n    def __exit__(s, *a): return True\ndef f(): return 0",
            "with Quiet():\n    assert f() == 1",
            id="context that swallows the verdict",
        ),
        pytest.param(
            "import enum\nclass Color(enum.Enum):\n    RED = 1\n    BLUE = 2\n    __eq__ = lambda s, o: True\n    __hash__ = lambda s: 1\ndef f(): return Color.BLUE",
            "award(1 if f() == Color.RED else 0, 1)",
            id="enum that is equal to all",
        ),
        pytest.param(
            "import enum\nclass Level(enum.IntEnum):\n    LOW = 1\n    __eq__ = __ge__ = lambda s, o: True\n    __hash__ = int.__hash__\ndef f(): return Level.LOW",
            "award(1 if f() == 9 or f() >= 9 else 0, 1)",
            id="int enum that is equal to all",
        ),
        pytest.param(
            "import pathlib, io\nclass P(type(pathlib.Path())):\n    __eq__ = lambda s, o: True\n    __hash__ = lambda s: 1\ndef f(): return P('x')",
            "import pathlib\naward(1 if f() == pathlib.Path('y') else 0, 1)",
            id="path that is equal to all",
        ),
        pytest.param(
            "def apply(check, x):\n    try: check(x)\n    except Exception: pass\n    return x\nclass Yes:\n    __eq__ = lambda s, o: True\ndef f(): return Yes()",
            "award(1 if apply(lambda v: v == 3, f()) == 3 else 0, 1)",
            id="callback on a lying object",
        ),
        pytest.param(
            "def f(): return 1\nimport builtins, inspect\ninspect.getsource = lambda x: 'def f(): return 2'\nget_ipython().history_manager.input_hist_raw[:] = ['def f(): return 2']",
            "award('return 2' in student_source('f').splitlines()[0], 1)",
            id="source that lies",
        ),
        pytest.param(
            "async def f():\n    class Yes:\n        __eq__ = lambda s, o: True\n    return Yes()",
            "award(1 if await f() == 3 else 0, 1)",
            id="lying result of a coroutine",
        ),
        pytest.param(
            "def f(): return 'never'", "import pickle\nclass C: pass\npickle.dumps(f)\naward(1, 1)", id="pickle"
        ),
    ],
)
def test_an_object_that_lies_earns_nothing(runner: Runner, answer: str, test: str) -> None:
    lied = grade(runner, answer, test)
    honest = grade(runner, "def f(x): return 3 * x", "award(f(3) == 9, 1)")

    assert lied.points == 0.0, reasons(lied)
    assert lied.verdicts[0].state != State.grader_fault
    assert honest.points == 1.0, reasons(honest)


POLARS = """
import datetime as dt
import polars as pl
def double(table): return table.with_columns(b=pl.col("a") * 2)
def totals(table): return table.lazy().group_by("k").agg(pl.col("a").sum()).sort("k")
def times(): return pl.Series("t", [dt.datetime(2020, 1, 1), None])
"""
POLARS_TEST = """
import datetime as dt
import polars as pl
from polars.testing import assert_frame_equal
assert_frame_equal(double(pl.DataFrame({"a": [1, None]})), pl.DataFrame({"a": [1, None], "b": [2, None]}))
table = pl.DataFrame({"k": ["x", "y", "x"], "a": [1.0, 2.0, 3.0]})
assert_frame_equal(totals(table).collect(), pl.DataFrame({"k": ["x", "y"], "a": [4.0, 2.0]}))
award(times().to_list() == [dt.datetime(2020, 1, 1), None], 1)
"""


def test_tables_of_polars_travel_both_ways(runner: Runner) -> None:
    result = grade(runner, POLARS, POLARS_TEST)

    assert result.points == 1.0, reasons(result)


def test_polars_answers_after_a_cell_has_used_it(runner: Runner) -> None:
    """polars' threads don't live on in a copy of the process; tests are answered all the same."""
    used = (
        POLARS
        + "print(double(pl.DataFrame({'a': [1]})).sort('a'), totals(pl.DataFrame({'k': ['x'], 'a': [1]})).collect())"
    )

    result = grade(
        runner,
        used,
        POLARS_TEST,
        "import polars as pl\naward(double(pl.DataFrame({'a': [2]}))['b'].to_list() == [4], 1)",
    )

    assert result.points == 2.0, reasons(result)


def test_source_is_that_of_the_cells_before_the_test(runner: Runner) -> None:
    cells = (
        PlanCell("first", "student", "%matplotlib inline\ndef f(): return 1"),
        PlanCell("one", "test", KIT + "award('return 1' in student_source('f'), 1)", 1.0),
        PlanCell("second", "student", "def f(): return 2"),
        PlanCell("two", "test", KIT + "award('return 2' in student_source('f'), 1)", 1.0),
        PlanCell("none", "test", KIT + "student_source('g')\naward(1, 1)", 1.0),
    )

    result = runner.grade(GradingJob("job", "ps1", cells, limits=LIMITS))

    assert [verdict.points for verdict in result.verdicts] == [1.0, 1.0, 0.0]
