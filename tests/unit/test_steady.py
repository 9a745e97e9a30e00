"""A function is asked later than its test's place only where its text proves that it answers the same there."""

import pytest

from judge.steady import Notebook

PRELOADED = ("numpy", "pandas", "matplotlib.pyplot", "sklearn.linear_model", "cardlab.data", "warnings")
IMPORTS = (
    "import warnings\nimport numpy as np\nimport pandas as pd\nimport matplotlib.pyplot as plt\n"
    "import random\nimport os\nfrom cardlab.data import load\nfrom sklearn.linear_model import LinearRegression"
)


def is_asked_later(function: str, between: str, *before: str) -> bool:
    """Whether a test of `f` passes the cell `between`, which follows it. before: cells ahead of the function's."""
    sources = [IMPORTS, *before, function, "", between]
    notebook = Notebook(sources, PRELOADED)
    reached = notebook.reach({"f"}, len(sources) - 2)
    return reached is not None and notebook.leaves(len(sources) - 1, reached)


@pytest.mark.parametrize(
    "function",
    [
        pytest.param("def f(x): return x + 1", id="arithmetic"),
        pytest.param("LIMIT, UNIT = 3, 'EUR'\nMOST = (LIMIT2 := 3)\ndef f(x): return x", id="beside other cells' text"),
        pytest.param("LIMIT = -3\ndef f(x, most=(1, 2)): return min(x, LIMIT, *most)", id="constants and builtins"),
        pytest.param("def g(x): return x\ndef f(x): return [g(y) for y in x]", id="another function"),
        pytest.param("def f(n): return f(n - 1) if n else 0", id="itself"),
        pytest.param(
            "def f(table):\n    table = table.copy()\n    table['a'] = np.log(table['b'])\n"
            "    table.columns = ['x', 'y']\n    del table['y']\n"
            "    return pd.concat([table.query('x > 3'), pd.DataFrame({'x': [1]})])",
            id="tables",
        ),
        pytest.param("def f(x: pd.Series) -> LinearRegression:\n    return LinearRegression()", id="a model"),
        pytest.param(
            "def f(seed):\n    rng = np.random.default_rng(seed)\n    return rng.normal()", id="own generator"
        ),
        pytest.param(
            "def f(x):\n    import math\n    total = 0\n    def add(y):\n        nonlocal total\n        total += y\n"
            "    add(x)\n    return math.sqrt(total)",
            id="state of one call",
        ),
        pytest.param("async def f(x):\n    return lambda y: x + y", id="a function of it"),
    ],
)
def test_a_function_of_its_arguments_is_asked_after_a_cell_that_computes_and_plots(function: str) -> None:
    between = (
        "import pandas as pd\n%matplotlib inline\n"
        "rows = pd.DataFrame({'a': [f(n) for n in range(3)]})\nrows['b'] = rows.a * 2\nrows.index.name = 'n'\n"
        "np.random.default_rng(3).normal()\nlimit: float = 3\nfig, ax = plt.subplots()\nax.plot(rows.a)\n"
        "ax.set(title='A')\nplt.show()\nfor name, part in rows.groupby('a'):\n    print(name, part)\n"
        "def later(x):\n    f = x\n    return f\nrows.a.map(later).plot.bar();\n"
    )

    assert is_asked_later(function, between)


@pytest.mark.parametrize(
    "function",
    [
        pytest.param("@np.vectorize\ndef f(x): return x", id="a decorator"),
        pytest.param("def f(x, seen=[]): return x", id="a default that can change"),
        pytest.param("def f(x, *, key=lambda y: rows): return x", id="a default that is computed"),
        pytest.param("SEEN = []\ndef f(x): return SEEN", id="a list"),
        pytest.param("SEEN = {}\ndef g(x): return SEEN\ndef f(x): return g(x)", id="a dict at second hand"),
        pytest.param("rows = pd.DataFrame()\ndef f(x): return rows", id="a table"),
        pytest.param("rng = np.random.default_rng(1)\ndef f(x): return rng.normal()", id="a generator that is kept"),
        pytest.param("def f(x):\n    global n\n    n = x", id="a global statement"),
        pytest.param("def f(x):\n    f.calls = x", id="an attribute of its own"),
        pytest.param("def f(x):\n    np.x = x", id="an attribute of a module"),
        pytest.param("def f(x):\n    return exec(x)", id="exec"),
        pytest.param("def f(x):\n    return f.__globals__", id="the globals"),
        pytest.param("def f(x):\n    return getattr(np, x)", id="an attribute by its name"),
        pytest.param("def f(x):\n    return pd.set_option('mode.copy_on_write', x)", id="an option"),
        pytest.param("def f(x): return random.random()", id="Python's random numbers"),
        pytest.param("def f(x): return np.random.normal()", id="numpy's random numbers"),
        pytest.param("def f(x): return np.random.default_rng().normal()", id="a generator without a seed"),
        pytest.param("from numpy.random import normal\ndef f(x): return normal()", id="random numbers by name"),
        pytest.param("def f(x):\n    from numpy.random import normal\n    return normal()", id="imported inside"),
        pytest.param("def f(x): return x.sample(3)", id="a sample"),
        pytest.param("def f(x): return plt.subplots()", id="a figure"),
        pytest.param("def f(x): return x.plot.bar()", id="a table's figure"),
        pytest.param("def f(x): return open(x).read()", id="a file"),
        pytest.param("def f(x): return pd.read_csv(x)", id="a table's file"),
        pytest.param("from pandas import read_csv\ndef f(x): return read_csv(x)", id="a table's file by name"),
        pytest.param("def f(x): return x.to_csv('a.csv')", id="a file that is written"),
        pytest.param("def f(x): return os.listdir(x)", id="a folder"),
        pytest.param("def f(x): return warnings.warn(x)", id="a warning"),
        pytest.param("def f(x): return load()", id="a module that isn't known"),
        pytest.param("def f(x): return x.query('a > @limit')", id="a variable by its name in a text"),
        pytest.param("def f(x): return Box(x)\nclass Box: size = 1", id="a class"),
        pytest.param("def f(x): return [Out, x]", id="earlier output"),
        pytest.param("def f(x): return _", id="the last value"),
        pytest.param("if 1:\n    def f(x): return x", id="a function under a condition"),
        pytest.param("def f(x): return 1\nf = np.vectorize(f)", id="a function that is replaced"),
        pytest.param("def f(x): return 1\nwith open('a') as f: pass", id="a name that with binds"),
        pytest.param("def f(x): return 1\ntry: 1 / 0\nexcept Exception as f: pass", id="a name that except binds"),
        pytest.param("def f(x): return 1\nmatch 3:\n    case f: pass", id="a name that match binds"),
        pytest.param("def f(x): return 1\n[f := n for n in (1, 2)]", id="a name in a comprehension"),
        pytest.param("def f(x): return 1\ndef g():\n    global f\n    f = 1", id="a name that a function may bind"),
        pytest.param("def f(x): return 1\nif 1: from os import getcwd as f", id="a name that an import may bind"),
        pytest.param("def f(x): return 1\nfrom os import *", id="all names of a module"),
        pytest.param("def f(x): return 1\n!ls", id="a command beside it"),
        pytest.param("def f(x):\n    class Box:\n        rows = rows\n    return Box\nrows = []", id="a class inside"),
    ],
)
def test_a_function_that_may_change_is_asked_at_its_place(function: str) -> None:
    assert not is_asked_later(function, "y = 1")


@pytest.mark.parametrize(
    "between",
    [
        pytest.param("def f(x): return 3", id="a new function"),
        pytest.param("g = 3", id="what it calls"),
        pytest.param("def g(x): return max(missing, x, LIMIT)", id="what it calls, from the same words"),
        pytest.param("LIMIT += 1", id="a constant"),
        pytest.param("LIMIT = 4", id="another constant"),
        pytest.param("del g", id="a name that goes"),
        pytest.param("for g in range(3): pass", id="a loop"),
        pytest.param("import math as g", id="an import"),
        pytest.param("import numpy as pd", id="another module under its name"),
        pytest.param("max = 3", id="a builtin"),
        pytest.param("missing = 3", id="a name that was missing"),
        pytest.param("[g := n for n in (1, 2)]", id="a name in a comprehension"),
        pytest.param("try: 1 / 0\nexcept Exception as g: pass", id="an error's name"),
        pytest.param("match 3:\n    case g: pass", id="a pattern"),
        pytest.param("class g: pass", id="a class"),
        pytest.param("def h():\n    global g", id="a global statement"),
        pytest.param("np.log = abs", id="a module's attribute"),
        pytest.param("plt.rcParams['a'] = 1", id="a module's setting"),
        pytest.param("del np.log", id="a module's attribute that goes"),
        pytest.param("for np.log in (1, 2): pass", id="a module's attribute in a loop"),
        pytest.param("pd.DataFrame.mean = abs", id="a method"),
        pytest.param("frame = pd.DataFrame\nframe.mean = abs", id="a method under another name"),
        pytest.param("h = f\nh.calls = 1", id="a function under another name"),
        pytest.param("module = np\nprint(module)", id="a module under another name"),
        pytest.param("for module in (np, pd): module.x = 1", id="a module of several"),
        pytest.param("from sklearn import linear_model\nprint(linear_model)", id="a module of a package"),
        pytest.param("from matplotlib import colormaps\ndel colormaps['a']", id="an item that goes"),
        pytest.param("[pd.DataFrame][0].mean = abs", id="a class in a list"),
        pytest.param("type(rows).mean = abs", id="a class by its object"),
        pytest.param("rows.__class__.mean = abs", id="a class by its attribute"),
        pytest.param("f.calls = 1", id="a function's attribute"),
        pytest.param("f.__defaults__ = (1,)", id="a function's defaults"),
        pytest.param("print(f.__code__)", id="a function's code"),
        pytest.param("setattr(np, 'log', abs)", id="setattr"),
        pytest.param("globals()['g'] = 3", id="globals"),
        pytest.param("exec('g = 3')", id="exec"),
        pytest.param("__import__('os')", id="an import by name"),
        pytest.param("get_ipython().run_cell('g = 3')", id="IPython"),
        pytest.param("np.random.seed(3)", id="a seed"),
        pytest.param("from random import seed\nseed(3)", id="a seed by name"),
        pytest.param("pd.set_option('mode.copy_on_write', True)", id="an option"),
        pytest.param("from numpy import seterr\nseterr(all='raise')", id="a setting by name"),
        pytest.param("from pandas import set_option as option\noption('a', 1)", id="a setting by another name"),
        pytest.param("warnings.simplefilter('error')", id="warnings"),
        pytest.param("os.chdir('/')", id="the folder"),
        pytest.param("load()", id="a module that isn't known"),
        pytest.param("import helpers", id="a submitted module"),
        pytest.param("from .helpers import x", id="a relative import"),
        pytest.param("from math import *", id="all names of a module"),
        pytest.param("%run other.py", id="a magic"),
        pytest.param("!rm data.csv", id="a command"),
        pytest.param("  g = 3", id="an indent that IPython takes off"),
        pytest.param(">>> g = 3", id="a prompt that IPython takes off"),
        pytest.param("x = !ls\ng = 3", id="a command in a line"),
        pytest.param("-" * 50_000 + "1", id="nested beyond reading"),
    ],
)
def test_a_cell_that_may_change_a_function_is_not_passed(between: str) -> None:
    function = "LIMIT = 3\ndef g(x): return max(x, LIMIT, missing)\ndef f(x): return pd.Series(np.log(g(x)))"

    assert is_asked_later(function, "y = f(1)")
    assert not is_asked_later(function, between)


@pytest.mark.parametrize(
    "earlier",
    [
        pytest.param("def act():\n    np.log = abs", id="a function that patches"),
        pytest.param("act = lambda: pd.set_option('a', 1)", id="a lambda that sets an option"),
        pytest.param("class Box:\n    def act(self):\n        os.chdir('/')", id="a method that changes the folder"),
        pytest.param("def act():\n    global f\n    f = 1", id="a function that rebinds"),
        pytest.param("np.random.seed(3)", id="a seed"),
        pytest.param("%load_ext autoreload", id="a magic that stays"),
        pytest.param("%%capture\nx = 1", id="a cell magic"),
        pytest.param("from cardlab import *", id="names that nobody knows"),
    ],
)
def test_nothing_is_passed_after_text_that_may_act_later(earlier: str) -> None:
    assert not is_asked_later("def f(x): return x", "y = act()", earlier)


def test_settings_that_were_made_before_the_test_are_no_matter() -> None:
    settings = (
        "%matplotlib inline\nwarnings.simplefilter('ignore')\npd.set_option('display.width', 80)\nplt.rc('a', b=1)"
    )

    assert is_asked_later("def f(x): return x", "y = f(1)", settings)


def test_a_text_that_nobody_can_run_is_passed() -> None:
    assert is_asked_later("def f(x): return x", "def g(x)\n    return x")
