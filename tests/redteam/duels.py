"""One answer against one test, for each way in which a student's objects reach a test.

The corpus attacks a whole assignment; here the test is written the way that kind of exercise needs, with an honest
answer that earns its point, and hostile answers that must not.
"""

from dataclasses import dataclass

from tests.redteam.exercises import EXERCISES


@dataclass(frozen=True)
class Duel:
    """A hostile answer. exercise: a key of EXERCISES."""

    title: str
    exercise: str
    answer: str

    @property
    def id(self) -> str:
        return f"{self.exercise}: {self.title}"


# An object that agrees with everything it's asked.
_LIAR = """
import sys
def yes(self, *args, **kwargs): return True
class Liar:
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __contains__ = yes
    equals = all = any = startswith = endswith = score = isin = yes
    __hash__ = lambda self: 1
    __len__ = __int__ = __index__ = lambda self: 1
    __float__ = lambda self: 3.0
    __str__ = __repr__ = lambda self: "2.0"
    __format__ = lambda self, how: "2.0"
    __iter__ = lambda self: iter([self])
    __getattr__ = lambda self, name: self if not name.startswith("__") else object.__getattribute__(self, name)
    __call__ = __getitem__ = lambda self, *a, **k: self
    __sub__ = __rsub__ = __mul__ = __abs__ = __neg__ = lambda self, *a: 0.0
    __enter__ = lambda self: self
    __exit__ = __aexit__ = lambda self, *a: True
    async def __aenter__(self): return self
    def __await__(self): return iter(())
    __class__ = property(lambda self: list)
liar = Liar()
"""


def _liars() -> list[Duel]:
    """The same object in every place where an exercise expects a value."""
    bound = "f = lambda *a, **k: liar\nStack = Liar\nColor = app = liar\n"
    return [Duel("an object that agrees with everything", name, _LIAR + bound) for name in EXERCISES]


def _subclasses() -> list[Duel]:
    body = (
        "    __eq__ = lambda self, other: True\n    __hash__ = lambda self: 0\n    __ne__ = lambda self, other: False\n"
    )
    made = {
        "list": "class Odd(list):\n" + body + "f = lambda n: Odd([n] * n)",
        "number": "class Odd(float):\n" + body + "    __sub__ = __rsub__ = __abs__ = lambda self, *a: 0.0\n"
        "    __format__ = lambda self, how: '2.0'\nf = lambda x: Odd(0)",
        "text": "class Odd(str):\n" + body + "f = lambda text: Odd('x')",
        "argument": "class Odd(list):\n" + body + "f = lambda values: Odd()",
        "array": "import numpy as np\nclass Odd(np.ndarray):\n"
        "    __array_priority__ = 1e9\n"
        "    __array_ufunc__ = lambda self, ufunc, *a, **k: np.zeros(2, dtype=bool)\n"
        "    __array_function__ = lambda self, *a, **k: True\n" + body + "f = lambda values: np.zeros(2).view(Odd)",
        "table": "import pandas as pd\nclass Odd(pd.DataFrame):\n"
        "    equals = lambda self, other: True\n" + body + "f = lambda frame: Odd({'k': [1], 'v': [2]})",
        "iterator": "class Odd(int):\n" + body + "f = lambda n: iter([Odd(5)] * 4)",
        "inplace": "class Odd(int):\n" + body + "def f(values):\n    values[:] = [Odd(9)] * 3",
        "callback": "class Odd(int):\n" + body + "f = lambda function, values: [Odd(function(9)), Odd(function(9))]",
    }
    return [Duel("a subclass that lies about equality", name, answer) for name, answer in made.items()]


_OTHERS = {
    "argument": {
        "the argument is emptied, so that nothing is expected": "def f(values):\n    values.clear()\n    return []",
        "the argument is replaced in the caller's frame": (
            "import sys\ndef f(values):\n    frame = sys._getframe(1)\n    while frame:\n"
            "        for space in (frame.f_locals, frame.f_globals):\n"
            "            if 'before' in space:\n                space['before'][:] = []\n"
            "        frame = frame.f_back\n    return []"
        ),
    },
    "inplace": {
        "the list grows without end": "def f(values):\n    values.extend(range(3_000_000))",
        "the list holds itself": "def f(values):\n    values[:] = [values, values, values]",
        "objects that agree are written back": _LIAR + "def f(values):\n    values[:] = [liar] * 3",
        "more arguments come back than were given": (
            "import judge.objects\ninner = judge.objects.Server._do\n"
            "judge.objects.Server._do = lambda self, head, frame: [None, [[[1, 2, 3]] * 5, {'values': [1, 2, 3]}]]\n"
            "f = print"
        ),
        "another kind comes back than was given": "def f(values):\n    values.__class__\n    globals()['f'] = None",
    },
    "list": {
        "a reply of a plain value that was never computed": (
            "import judge.objects\njudge.objects.Server._do = lambda self, head, frame: [[True], [[], {}]]\nf = print"
        ),
        "a handle with the judge's own number": (
            "import judge.objects\n"
            "judge.objects.Table.export = lambda self, value: {'id': 0, 'callback': 0, 'name': 'f'}\n"
            "f = lambda n: object()"
        ),
        "a member of an Enum that is equal to lists": (
            "import enum\nclass Odd(list, enum.Enum):\n    A = [1]\n    __eq__ = lambda self, other: True\n"
            "f = lambda n: Odd.A"
        ),
        "an IntEnum whose value is another each time": (
            "import enum, itertools\nclass Odd(enum.IntEnum):\n    A = 1\n"
            "turn = itertools.count()\nOdd.value = property(lambda self: next(turn))\nf = lambda n: Odd.A"
        ),
        "a class in the place of a function": _LIAR + "class f(Liar):\n    def __init__(self, *a): pass",
        "a class with a capital letter in disguise": (
            _LIAR + "class F(Liar):\n    def __init__(self, *a): pass\nF.__name__ = 'F'\nf = F"
        ),
        "packed values of the judge's own kinds": (
            "import re, pathlib\nf = lambda n: re.compile('.*') if n == 3 else pathlib.Path('/')"
        ),
    },
    "text": {
        "a pattern that matches everything": "import re\nf = lambda text: re.compile('.*')",
        "a path": "import pathlib\nf = lambda text: pathlib.Path('ba')",
        "a compiled pattern that takes for ever": "import re\nf = lambda text: [re.compile('(a|a)*b'), 'a' * 40]",
    },
    "error": {
        "an exception class of another meaning with that name": (
            "class ValueError(Exception):\n    __eq__ = lambda self, other: True\n"
            "def f(x):\n    raise ValueError(f'{x} is wrong')"
        ),
        "a message that agrees with everything": (
            "class Said(str):\n    __eq__ = lambda self, other: True\n    __hash__ = str.__hash__\n"
            "class Odd(ValueError):\n    def __str__(self): return Said('x')\ndef f(x):\n    raise Odd"
        ),
        "the judge's own exceptions by their names": (
            "kinds = ['TestTimeout', 'StudentGone', 'CannotJudge', 'BaseException', 'SystemExit']\n"
            "def f(x):\n    raise type(kinds[x % 5], (ValueError,), {})('negative')"
        ),
        "exit instead of an error": "import sys\ndef f(x):\n    sys.exit('negative')",
        "a class with ten thousand bases": (
            "def f(x):\n    kind = ValueError\n    for n in range(3000):\n        kind = type(f'E{n}', (kind,), {})\n"
            "    raise kind('negative' * 100_000)"
        ),
    },
    "class": {
        "a metaclass that says yes to every question": _LIAR
        + "class Meta(type):\n    __instancecheck__ = __subclasscheck__ = __eq__ = yes\n    __hash__ = type.__hash__\n"
        "class Stack(metaclass=Meta):\n    push = lambda self, value: None\n    pop = lambda self: liar\n"
        "    __len__ = lambda self: True",
        "lengths that are true": "class Stack:\n    push = lambda self, value: None\n    pop = lambda self: True\n"
        "    __len__ = lambda self: 1",
        "an object that ends the process when it's asked": "import os\nclass Stack:\n"
        "    def push(self, value): os._exit(0)",
    },
    "iterator": {
        "it never ends": "import itertools\nf = lambda n: itertools.repeat(0)",
        "it ends before it began": "def f(n):\n    raise StopIteration\n    yield",
        "next that raises the judge's end": "class f:\n    def __init__(self, n): pass\n"
        "    __iter__ = lambda self: self\n    def __next__(self): raise GeneratorExit",
    },
    "callback": {
        "the test's function is asked with objects that agree": _LIAR
        + "def f(function, values):\n    function(liar)\n    return [2, 4]",
        "functions that were never given are asked": (
            "def f(function, values):\n    for number in (-1, 1, 2, 10**9, None, 'double', (1,)):\n"
            "        try:\n            function._ask(number, (1,), {})\n        except BaseException:\n"
            "            pass\n"
            "    return [1, 2]"
        ),
        "the test's function is asked without end": (
            "def f(function, values):\n    while True:\n        function(1)"
        ),
        "the test's function is asked from a thread afterwards": (
            "import threading, time\ndef f(function, values):\n"
            "    def ask():\n"
            "        time.sleep(1)  # asked before the reply is sent, it would have done what the task wants\n"
            "        return [function(value) for value in values]\n"
            "    threading.Thread(target=ask, daemon=True).start()\n"
            "    return [2, 4]"
        ),
    },
    "context": {
        "the test's error is swallowed": "class Odd:\n    __enter__ = lambda self: 4\n"
        "    __exit__ = lambda self, *a: True\nf = Odd",
        "the error is changed into none": (
            "class Odd:\n    __enter__ = lambda self: 4\n    def __exit__(self, *a): raise StopIteration\nf = Odd"
        ),
    },
    "coroutine": {
        "it awaits itself": "async def f(x):\n    return await f(x)",
        "it never comes back": "import asyncio\nasync def f(x):\n    await asyncio.Event().wait()",
    },
    "array": {
        "everything is masked": "import numpy as np\nf = lambda values: np.ma.masked_all(len(values))",
        "everything is nothing": "import numpy as np\nf = lambda values: np.empty((0, len(values)))",
        "no number": "import numpy as np\nf = lambda values: values * float('nan')",
        "objects that agree": _LIAR + "import numpy as np\n"
        "def f(values):\n    array = np.empty(len(values), dtype=object)\n    array[:] = liar\n    return array",
        "an array protocol": "class Odd:\n    def __array__(self, dtype=None, copy=None): return np.array([2.0, 4.0])\n"
        "    __array_interface__ = {'shape': (2,), 'typestr': '<f8', 'data': (8, True), 'version': 3}\n"
        "f = lambda v: Odd()",
    },
    "table": {
        "columns of objects that agree": _LIAR + "import pandas as pd\n"
        "f = lambda frame: pd.DataFrame({'k': [liar, liar], 'v': [liar, liar]})",
        "a frame of another shape": "f = lambda frame: frame.iloc[:0]",
        "columns that aren't what they are called": _LIAR + "import pandas as pd\n"
        "f = lambda frame: pd.DataFrame([[1, 2], [3, 4]], columns=pd.Index([liar, liar], dtype=object))",
    },
    "file": {
        "a link to a file of the system": "import os\nf = lambda: os.symlink('/etc/passwd', 'out.csv')",
        "a pipe that nobody writes to": "import os\nf = lambda: os.mkfifo('out.csv')",
        "a device without end": "import os\nf = lambda: os.symlink('/dev/zero', 'out.csv')",
        "a folder": "import os\nf = lambda: os.mkdir('out.csv')",
        "a link to itself": "import os\nf = lambda: os.symlink('out.csv', 'out.csv')",
        "the reader is replaced": (
            "import judge.objects\nclass Odd(bytes):\n    __eq__ = lambda self, other: True\n"
            "    __hash__ = bytes.__hash__\njudge.objects._read_file = lambda path: Odd(b'x')\nf = print"
        ),
        "60 MB": "def f():\n    with open('out.csv', 'wb') as file:\n        file.write(b'a,b\\n' * (15 << 20))",
    },
    "figure": {
        "titles and data that agree": _LIAR + "import matplotlib.pyplot as plt, matplotlib.axes\n"
        "def f(values):\n    plt.figure()\n    plt.plot([9])\n"
        "matplotlib.axes.Axes.get_title = lambda *a, **k: liar",
        "what is told of a figure is made up": (
            "import judge.kinds, judge.figures\n"
            "judge.kinds.look = judge.figures.look = lambda *a: {'title': True, 'lines': [[True]], 'axes': [{}]}\n"
            "import matplotlib.pyplot as plt\ndef f(values):\n    plt.plot([9])"
        ),
        "a figure of a hundred thousand axes": (
            "import matplotlib.pyplot as plt\ndef f(values):\n    plt.figure().axes.extend([None] * 100_000)"
        ),
        "a figure class of the student's own": _LIAR
        + "import matplotlib.figure, matplotlib.pyplot as plt\nclass Figure(matplotlib.figure.Figure):\n"
        "    axes = property(lambda self: [liar])\ndef f(values):\n    plt.figure(FigureClass=Figure)",
    },
    "app": {
        **{
            title: (
                "import sys\nclass Same(int):\n    __eq__ = lambda self, other: True\n    __hash__ = int.__hash__\n"
                "async def app(scope, receive, send):\n    if scope['type'] != 'http':\n        return\n"
                f"    await send({{'type': 'http.response.start', 'status': {status}, 'headers': {headers}}})\n"
                f"    await send({{'type': 'http.response.body', 'body': {body}}})"
            )
            for title, status, headers, body in (
                ("a status that agrees", "Same(500)", "[]", "b'{}'"),
                ("no status", "True", "[]", "b'{\"n\": 42}'"),
                ("a body without end", "200", "[]", "b'[' * (9 << 20)"),
                ("JSON nested deep", "200", "[]", "b'[' * 100_000"),
                ("JSON of odd numbers", "200", "[]", "b'{\"n\": NaN, \"n\": 1e999}'"),
                ("a number of a million digits", "200", "[]", "b'{\"n\": ' + b'4' * 1_000_000 + b'}'"),
                ("headers by the thousand", "200", "[(b'a', b'b')] * 10_000", "b'{\"n\": 42}'"),
                ("a compressed bomb", "200", "[(b'content-encoding', b'gzip')]", "b'\\x1f\\x8b' * 1000"),
            )
        },
        "it never answers": "import asyncio\nasync def app(scope, receive, send):\n    await asyncio.Event().wait()",
        "the answer is made up on the way": (
            "import judge.asgi\njudge.asgi.AppHost.request = lambda self, *a: [True, {'a': 1}, 'text']\n"
            "async def app(scope, receive, send): pass"
        ),
    },
    "estimator": {
        "a class of the student's own with a score": (
            "class Model:\n    fit = lambda self, X, y: self\n    score = lambda self, X, y: 1.0\n"
            "    predict = lambda self, X: X\nf = Model"
        ),
        "a subclass with a score": (
            "from sklearn.dummy import DummyClassifier\nclass Model(DummyClassifier):\n"
            "    score = lambda self, X, y: 1.0\nf = Model"
        ),
        "an instance with a score": (
            "from sklearn.dummy import DummyClassifier\ndef f():\n    model = DummyClassifier()\n"
            "    model.score = lambda X, y: 1.0\n    return model"
        ),
        "predictions that agree": _LIAR
        + "from sklearn.dummy import DummyClassifier\nDummyClassifier.predict = lambda self, X: liar\n"
        "f = DummyClassifier",
        "no predictions at all": (
            "import numpy as np\nfrom sklearn.dummy import DummyClassifier\n"
            "DummyClassifier.predict = lambda self, X: np.empty((0, len(X)))\nf = DummyClassifier"
        ),
        "metrics patched": (
            "import sklearn.metrics\nfrom sklearn.dummy import DummyClassifier\n"
            "sklearn.metrics.accuracy_score = lambda *a, **k: 1.0\nf = DummyClassifier"
        ),
        "a handle that says it's a tree": (
            "import judge.kinds\njudge.kinds.describe = lambda value: "
            "{'kind': 'estimator', 'name': 'DecisionTreeClassifier'}\n"
            "class Model:\n    fit = lambda self, X, y: self\n    predict = lambda self, X: True\nf = Model"
        ),
    },
    "validation": {
        "a subclass that remembers": (
            "from sklearn.tree import DecisionTreeClassifier\nclass Model(DecisionTreeClassifier):\n"
            "    score = lambda self, X, y: 1.0\nf = Model"
        ),
        "a specification of another class": (
            "import judge.estimators, judge.kinds\nfrom sklearn.dummy import DummyClassifier\n"
            "judge.kinds.look = lambda *a: {'frame': b'SP1', 'problem': None, 'is_fitted': True}\nf = DummyClassifier"
        ),
        "a class outside the list": (
            "import judge.estimators\njudge.estimators.is_known = lambda value: True\n"
            "class FunctionTransformer:\n    get_params = lambda self, deep=True: {'func': print}\n"
            "f = FunctionTransformer"
        ),
        "a cache on the disk": (
            "from sklearn.pipeline import make_pipeline\nfrom sklearn.dummy import DummyClassifier\n"
            "f = lambda: make_pipeline(DummyClassifier(), memory='/tmp/cache')"
        ),
        "trees by the billion": (
            "from sklearn.ensemble import RandomForestClassifier\n"
            "f = lambda: RandomForestClassifier(n_estimators=10**9)"
        ),
        "trees by the million": (
            "from sklearn.ensemble import RandomForestClassifier\n"
            "f = lambda: RandomForestClassifier(n_estimators=10**7)"
        ),
        "nested a hundred deep": (
            "from sklearn.ensemble import BaggingClassifier\nfrom sklearn.dummy import DummyClassifier\n"
            "def f():\n    model = DummyClassifier()\n    for _ in range(100):\n"
            "        model = BaggingClassifier(model)\n"
            "    return model"
        ),
    },
}  # fmt: skip

DUELS: tuple[Duel, ...] = (
    *_liars(),
    *_subclasses(),
    *(Duel(title, name, answer) for name, answers in _OTHERS.items() for title, answer in answers.items()),
)
