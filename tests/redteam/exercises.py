"""Exercises of each kind, with the test that such an exercise needs and an answer that passes it."""

from dataclasses import dataclass

POINTS = 1.0
PRELOAD = ("numpy", "pandas", "matplotlib.pyplot", "sklearn.linear_model", "sklearn.tree", "sklearn.model_selection")


@dataclass(frozen=True)
class Exercise:
    """A test cell, and an answer that passes it."""

    test: str
    honest: str


EXERCISES = {
    "list": Exercise("assert f(3) == [1, 2, 3]", "f = lambda n: list(range(1, n + 1))"),
    "number": Exercise("assert abs(f(9.0) - 3.0) < 1e-9\nassert f'{f(4.0):.1f}' == '2.0'", "f = lambda x: x**0.5"),
    "text": Exercise("assert f('ab') == 'ba' and f('').startswith('')", "f = lambda text: text[::-1]"),
    "argument": Exercise(
        "before = [3, 1, 2]\nafter = f(before)\nassert after == sorted(before)", "f = lambda values: sorted(values)"
    ),
    "inplace": Exercise(
        "from judge.kit import inplace\nvalues = [3, 1, 2]\ninplace(f, values)\nassert values == [1, 2, 3]",
        "def f(values):\n    values.sort()",
    ),
    "error": Exercise(
        "try:\n    f(-1)\nexcept ValueError as error:\n    said = str(error)\nassert said == 'negative' and f(4) == 2",
        "def f(x):\n    if x < 0:\n        raise ValueError('negative')\n    return x // 2",
    ),
    "class": Exercise(
        "stack = Stack()\nstack.push(5)\nstack.push(7)\nassert stack.pop() == 7 and len(stack) == 1",
        "class Stack:\n"
        "    def __init__(self): self.held = []\n"
        "    def __len__(self): return len(self.held)\n"
        "    def push(self, value): self.held.append(value)\n"
        "    def pop(self): return self.held.pop()",
    ),
    "iterator": Exercise(
        "assert list(f(4)) == [0, 1, 4, 9]\nassert next(f(1)) == 0",
        "def f(n):\n    for number in range(n):\n        yield number * number",
    ),
    "callback": Exercise(
        "calls = []\ndef double(x):\n    calls.append(x)\n    return 2 * x\n"
        "assert f(double, [1, 2]) == [2, 4]\nassert calls == [1, 2]",
        "f = lambda function, values: [function(value) for value in values]",
    ),
    "context": Exercise(
        "with f() as value:\n    assert value == 3",
        "import contextlib\n@contextlib.contextmanager\ndef f():\n    yield 3",
    ),
    "member": Exercise(
        "assert f('r') == Color.RED\nassert Color.RED.value == 1 and f('g').name == 'GREEN'",
        "import enum\nclass Color(enum.Enum):\n    RED = 1\n    GREEN = 2\n"
        "f = lambda letter: Color.RED if letter == 'r' else Color.GREEN",
    ),
    "coroutine": Exercise("assert await f(20) == 21", "async def f(x):\n    return x + 1"),
    "array": Exercise(
        "import numpy as np\nnp.testing.assert_allclose(f(np.array([1.0, 2.0])), [2.0, 4.0])\n"
        "np.testing.assert_equal(f(np.array([1])), np.array([2]))",
        "f = lambda values: values * 2",
    ),
    "table": Exercise(
        "import pandas as pd\n"
        "got = f(pd.DataFrame({'k': ['a', 'b', 'a'], 'v': [1, 2, 3]}))\n"
        "pd.testing.assert_frame_equal(got, pd.DataFrame({'k': ['a', 'b'], 'v': [4, 2]}))",
        "f = lambda frame: frame.groupby('k', as_index=False)['v'].sum()",
    ),
    "file": Exercise(
        "from judge.kit import student_file\nf()\nassert student_file('out.csv') == b'a,b\\n1,2\\n'",
        "def f():\n    with open('out.csv', 'w') as file:\n        file.write('a,b\\n1,2\\n')",
    ),
    "figure": Exercise(
        "from judge.kit import student_figure\nf([1, 2, 3])\naxes = student_figure().axes[0]\n"
        "assert axes.get_title() == 'Sales' and list(axes.lines[0].get_ydata()) == [1, 2, 3]",
        "import matplotlib.pyplot as plt\ndef f(values):\n    plt.figure()\n    plt.plot(values)\n"
        "    plt.title('Sales')",
    ),
    "app": Exercise(
        "from judge.kit import http\nanswer = http(app).get('/double', params={'n': 21})\n"
        "assert answer.status_code == 200 and answer.json() == {'n': 42}",
        "async def app(scope, receive, send):\n"
        "    if scope['type'] != 'http':\n        return\n"
        "    n = int(scope['query_string'].decode().partition('=')[2])\n"
        "    await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n"
        "    await send({'type': 'http.response.body', 'body': b'{\"n\": %d}' % (2 * n)})",
    ),
    "estimator": Exercise(
        "import numpy as np\nX = np.arange(40.0).reshape(-1, 1)\ny = (X[:, 0] * 7 % 3 > 1).astype(int)\n"
        "model = f()\nmodel.fit(X[::2], y[::2])\n"
        "assert model.score(X[::2], y[::2]) > 0.9\nassert (model.predict(X[::2]) == y[::2]).all()",
        "from sklearn.tree import DecisionTreeClassifier\nf = lambda: DecisionTreeClassifier(random_state=0)",
    ),
    "validation": Exercise(
        "import numpy as np\nfrom sklearn.model_selection import cross_val_score\n"
        "X = (np.arange(40.0) // 2 % 2).reshape(-1, 1)\ny = np.arange(40) // 2 % 2\n"
        "assert cross_val_score(f(), X, y, cv=4).mean() > 0.9",
        "from sklearn.tree import DecisionTreeClassifier\nf = lambda: DecisionTreeClassifier(random_state=0)",
    ),
}
