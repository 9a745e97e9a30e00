"""A student's objects as the judge holds them: they can be used, and they can't judge.

A proxy has no truth value, no number, no equality with plain data and no text, unless the test made the object itself
by calling a student's class. What a comparison of a student's own objects says is counted (`remote_verdicts`), so that
the author learns of tests that only the student's code decides.
"""

import inspect
import operator
from collections.abc import Callable, Generator, Iterator
from typing import Any, NoReturn, Protocol, TypeVar

from judge.codec.core import Spec

T = TypeVar("T")

# What is asked of the student's process although Python reserves the name; nothing in B acts on the answers by itself.
_ASKED_DUNDERS = frozenset(("__name__", "__qualname__", "__annotations__", "__members__"))
# A verdict with the expected answers as arguments: never the student's to give.
_VERDICTS = frozenset(("score", "evaluate"))
# Methods of tables, arrays, sets and texts that take the expected value or answer yes or no. A test that calls one
# expects plain data, so an object that the test didn't make and that isn't plain data must not answer.
_COMPARISONS = frozenset(
    (
        "equals", "eq", "ne", "lt", "le", "gt", "ge", "compare", "isin", "between", "sub", "subtract", "rsub", "div",
        "divide", "truediv", "floordiv", "rdiv", "mul", "multiply", "mod", "corr", "dot", "all", "any", "isna",
        "isnull", "notna", "notnull", "duplicated", "isclose", "allclose", "issubset", "issuperset", "isdisjoint",
        "difference",
        "symmetric_difference", "startswith", "endswith",
    )
)  # fmt: skip


class Asking(Protocol):
    """The conversation with one worker. `requests`: how many there have been."""

    remote_verdicts: int

    @property
    def requests(self) -> int: ...

    def call(self, target: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any: ...

    def attribute(self, target: object, name: str) -> Any: ...

    def set_attribute(self, target: object, name: str, value: object) -> None: ...

    def op(self, name: str, *operands: object) -> Any: ...

    def look(self, target: object, *wanted: str) -> Any: ...

    def http(self, target: object, request: list[Any]) -> Any: ...


class CannotJudge(TypeError):
    """A test asked a student's object for a verdict; the author must compare plain values instead."""


class StudentError(Exception):
    """Student code raised something that isn't a well-known exception."""


class StudentExit(Exception):
    """Student code tried to end the process."""


class Remote:
    """Any object of the student. `_made_here`: the test made it by calling a student's class."""

    __slots__ = ("_asking", "_made_here", "_spec")
    __hash__ = None  # type: ignore[assignment]  # a hash would be the student's word

    def __init__(self, asking: Asking, spec: Spec, *, made_here: bool = False) -> None:
        object.__setattr__(self, "_asking", asking)
        object.__setattr__(self, "_spec", spec)
        object.__setattr__(self, "_made_here", made_here)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__") and name not in _ASKED_DUNDERS:
            raise AttributeError(name)
        value = self._asking.attribute(self, name)
        if name in _VERDICTS and isinstance(value, Remote):
            raise CannotJudge(f"{name}() of a student's own kind of object is the student's word; ask for predictions")
        if name in _COMPARISONS and not self._made_here:
            raise CannotJudge(
                f"{name} of {self._named()} is the student's word; it isn't exactly what the task asks for"
            )
        return value

    def _named(self) -> str:
        return f"a student's {self._spec.get('name', 'object')!s:.60}"

    def __setattr__(self, name: str, value: object) -> None:
        self._asking.set_attribute(self, name, value)

    def __delattr__(self, name: str) -> None:
        self._asking.op("delattr", self, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._asking.call(self, args, kwargs)

    def __repr__(self) -> str:
        if self._made_here:
            return _exact(self._asking.op("repr", self), str)
        return f"<a student's {self._spec.get('name', 'object')!s:.60}>"

    def __str__(self) -> str:
        if self._made_here:
            return _exact(self._asking.op("str", self), str)
        raise CannotJudge("the text of a student's object is the student's word; ask for a plain value")

    def __eq__(self, other: object) -> Any:
        return self._compare("eq", other)

    def __ne__(self, other: object) -> Any:
        return self._compare("ne", other)

    def __lt__(self, other: object) -> Any:
        return self._compare("lt", other)

    def __le__(self, other: object) -> Any:
        return self._compare("le", other)

    def __gt__(self, other: object) -> Any:
        return self._compare("gt", other)

    def __ge__(self, other: object) -> Any:
        return self._compare("ge", other)

    def _compare(self, name: str, other: object) -> bool:
        if not self._made_here and not isinstance(other, Remote):
            raise CannotJudge(
                f"a student's {self._spec.get('name', 'object')!s:.60} can't be compared with plain data; it isn't "
                "exactly what the task asks for"
            )
        self._asking.remote_verdicts += 1
        return _exact(self._asking.op(name, self, other), bool)

    def __contains__(self, item: object) -> bool:
        if not self._made_here:
            raise CannotJudge("membership in a student's object is the student's word")
        self._asking.remote_verdicts += 1
        return _exact(self._asking.op("contains", self, item), bool)

    def __len__(self) -> int:
        return _exact(self._asking.op("len", self), int)

    def __iter__(self) -> Iterator[Any]:
        return RemoteIterator(self._asking, self._asking.op("iter", self))

    def __next__(self) -> Any:
        return self._asking.op("next", self)

    def __getitem__(self, key: object) -> Any:
        return self._asking.op("getitem", self, key)

    def __setitem__(self, key: object, value: object) -> None:
        self._asking.op("setitem", self, key, value)

    def __delitem__(self, key: object) -> None:
        self._asking.op("delitem", self, key)

    def __enter__(self) -> Any:
        return self._asking.op("enter", self)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trail: object) -> None:
        """The student's block ends. Whatever it answers, an error goes on: it could be the test's own verdict."""
        self._asking.op("exit", self, *_told(error))

    def __aiter__(self) -> Any:
        return self._asking.op("aiter", self)

    async def __anext__(self) -> Any:
        return self._asking.op("anext", self)

    async def __aenter__(self) -> Any:
        return self._asking.op("aenter", self)

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trail: object) -> None:
        self._asking.op("aexit", self, *_told(error))

    def __bool__(self) -> NoReturn:
        raise CannotJudge("a student's object has no truth value here; compare plain values")

    def _no_number(self) -> NoReturn:
        raise CannotJudge("a student's object is no number here; ask for a plain value")

    __int__ = __float__ = __complex__ = __index__ = _no_number

    def __array__(self, *_: object, **__: object) -> NoReturn:
        raise CannotJudge("a student's object is no array here; ask for a plain value")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise CannotJudge("a student's object can't be copied out of its process")

    def __copy__(self) -> Any:
        return self._same_origin(self._asking.op("copy", self))

    def __deepcopy__(self, memo: object) -> Any:
        return self._same_origin(self._asking.op("deepcopy", self))

    def _same_origin(self, other: Any) -> Any:
        """A copy of what the test made counts as made by the test."""
        if isinstance(other, Remote):
            object.__setattr__(other, "_made_here", self._made_here)
        return other

    def __sklearn_clone__(self) -> NoReturn:
        raise CannotJudge(
            f"a student's {self._spec.get('name', 'object')!s:.60} is no estimator of scikit-learn's own; it can't be "
            "cloned, cross-validated or scored by the judge"
        )

    __sklearn_tags__ = __sklearn_clone__


def _operator(name: str) -> Callable[..., Any]:
    def ask(self: Remote, *others: object) -> Any:
        # It would be given the expected value, and could answer that nothing is left of the difference.
        if not self._made_here and any(not isinstance(other, Remote) for other in others):
            raise CannotJudge(f"{self._named()} is no number or table; it isn't exactly what the task asks for")
        result = self._asking.op(name, self, *others)
        if name[0] == "i" and isinstance(result, Remote) and result._spec.get("id") == self._spec.get("id"):
            return self
        return result

    return ask


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", "lshift",
              "rshift", "neg", "pos", "abs", "invert", "radd", "rsub", "rmul", "rtruediv", "iadd", "isub", "imul",
              "round", "divmod", "reversed"):  # fmt: skip
    setattr(Remote, f"__{_name}__", _operator(f"{_name}_" if hasattr(operator, f"{_name}_") else _name))


def _remote_doc(self: Remote) -> Any:
    return self._asking.attribute(self, "__doc__")


def _told(error: BaseException | None) -> tuple[str | None, str]:
    """An error of the test as the student's process may know it: the name of a well-known class, and the text."""
    return (None, "") if error is None else (name_of(error), str(error)[:2000])


def name_of(error: BaseException) -> str:
    """The name of the nearest well-known class of an error."""
    return next((kind.__name__ for kind in type(error).__mro__ if kind.__name__ in _KNOWN_ERRORS), "Exception")


class RemoteIterator:
    """The student's iterator; ends when the student's does."""

    def __init__(self, asking: Asking, remote: Any) -> None:
        self._asking = asking
        self._remote = remote

    def __iter__(self) -> "RemoteIterator":
        return self

    def __next__(self) -> Any:
        return self._asking.op("next", self._remote)


class RemoteCallable(Remote):
    """An object that can be called and not iterated over: `DataFrame.apply` would take it for a list of functions."""

    __slots__ = ()
    __iter__ = None  # type: ignore[assignment]  # says that it can't be iterated over

    @property
    def __signature__(self) -> inspect.Signature:
        """Names, kinds and defaults of the parameters, without annotations."""
        rows = self._asking.op("signature", self)
        return inspect.Signature([inspect.Parameter(name, kinds[0], **kinds[1]) for name, *kinds in map(_row, rows)])


def _row(row: Any) -> tuple[str, Any, dict[str, Any]]:
    name, kind, *default = row
    return _exact(name, str), inspect._ParameterKind(kind), {"default": default[0]} if default else {}


class RemoteFunction(RemoteCallable):
    """A student's function."""

    __slots__ = ()

    @property
    def __name__(self) -> str:
        return str(self._spec.get("name", "function"))[:100]

    def _compare(self, name: str, other: object) -> bool:
        """A function equals itself alone; libraries compare and look it up so. Its handle decides, nobody is asked."""
        if name not in ("eq", "ne"):
            return super()._compare(name, other)
        is_same = isinstance(other, RemoteFunction) and self._spec.get("id") == other._spec.get("id")
        return is_same == (name == "eq")

    def __hash__(self) -> int:  # type: ignore[override]  # Remote has none
        return hash(self._spec.get("id"))


class RemoteClass(Remote):
    """A student's class: calling it makes an object that belongs to the test, if the test means a class.

    `_by_name`: the test fetched it by a name that reads as a class. Without that rule a class in the place of a
    function would be a result that compares itself with what the test expects.
    """

    __slots__ = ("_by_name",)

    def __init__(self, asking: Asking, spec: Spec) -> None:
        super().__init__(asking, spec)
        object.__setattr__(self, "_by_name", False)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        made = self._asking.call(self, args, kwargs)
        if self._by_name and type(made) in (Remote, RemoteCallable):
            object.__setattr__(made, "_made_here", True)
        return made

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, Remote) and self._is_among(instance._spec)

    def __subclasscheck__(self, other: object) -> bool:
        return isinstance(other, RemoteClass) and self._is_among(other._spec)

    def _is_among(self, spec: Spec) -> bool:
        name, bases = self._spec.get("name"), spec.get("bases")
        return name == spec.get("name") or (type(bases) is list and name in bases)


def mark_named_classes(found: dict[str, Any]) -> None:
    """Marks the classes among values fetched by name: a class' name begins with a capital letter."""
    for name, value in found.items():
        if type(value) is RemoteClass and name.lstrip("_")[:1].isupper():
            object.__setattr__(value, "_by_name", True)


class RemoteMember(Remote):
    """A member of a student's Enum. It is its class' and its own name; `__eq__` of the student's is never asked."""

    __slots__ = ()

    def _key(self) -> tuple[str, str]:
        return str(self._spec.get("name"))[:200], str(self._spec.get("member"))[:200]

    def _compare(self, name: str, other: object) -> bool:
        if self._spec.get("is_plain") is True:  # IntEnum and StrEnum are compared as their values
            mine, theirs = self.value, other.value if isinstance(other, RemoteMember) else other
            return bool(getattr(operator, name)(mine, theirs))
        if isinstance(other, RemoteMember) and name in ("eq", "ne"):
            return (self._key() == other._key()) == (name == "eq")
        return super()._compare(name, other)

    def __hash__(self) -> int:  # type: ignore[override]  # Remote has none
        return hash(self.value if self._spec.get("is_plain") is True else self._key())

    @property
    def name(self) -> str:
        return self._key()[1]

    @property
    def value(self) -> Any:
        value = self._asking.attribute(self, "value")
        if self._spec.get("is_plain") is True and type(value) not in (int, str):
            raise CannotJudge("a member of an Enum whose value is neither a number nor a text")
        return value


class RemoteCoroutine(Remote):
    """What a student's async function returns; awaiting it runs it to its end in the student's process."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"a student's coroutine can only be awaited, it has no {name}")

    def _compare(self, name: str, other: object) -> bool:
        if name in ("eq", "ne") and isinstance(other, RemoteCoroutine):
            return (self is other) == (name == "eq")
        return super()._compare(name, other)

    def __hash__(self) -> int:  # type: ignore[override]  # Remote has none
        return id(self)  # asyncio.gather looks them up

    def __await__(self) -> Generator[Any, None, Any]:
        yield from ()
        return self._asking.op("await", self)

    def send(self, value: object) -> NoReturn:
        raise StopIteration(self._asking.op("await", self))

    def __next__(self) -> NoReturn:
        self.send(None)

    def throw(self, *error: Any) -> NoReturn:
        raise error[0]

    def close(self) -> None:
        """Nothing of it runs here."""


for _kind in (Remote, RemoteCallable, RemoteFunction, RemoteClass, RemoteMember, RemoteCoroutine):
    setattr(_kind, "__doc__", property(_remote_doc))  # noqa: B010 - a class statement can't do it beside a docstring


_KNOWN_ERRORS: dict[str, type[Exception]] = {
    error.__name__: error
    for error in (
        Exception, ArithmeticError, AssertionError, AttributeError, BufferError, EOFError, FileExistsError,
        FileNotFoundError, FloatingPointError, ImportError, IndexError, IsADirectoryError, KeyError, LookupError,
        MemoryError, ModuleNotFoundError, NameError, NotADirectoryError, NotImplementedError, OSError, OverflowError,
        PermissionError, RecursionError, ReferenceError, RuntimeError, StopAsyncIteration, StopIteration, SyntaxError,
        TimeoutError, TypeError, UnboundLocalError, UnicodeError, UserWarning, ValueError, Warning, ZeroDivisionError,
    )
}  # fmt: skip
_EXITS = ("SystemExit", "KeyboardInterrupt", "GeneratorExit", "CellTimeout")


class ErrorTypes:
    """Exceptions of the student as classes of our own, one for each name, so that `pytest.raises(BadInput)` works."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, ...], type[Exception]] = {}

    def mirror(self, names: list[Any]) -> type[Exception]:
        """The class for a student's exception, given the names of its classes, the nearest first."""
        words = tuple(name[:100] for name in names[:20] if isinstance(name, str) and name.isidentifier())
        if any(name in _EXITS for name in words[:-1]) or not words:
            return StudentExit
        known = next((_KNOWN_ERRORS[name] for name in words if name in _KNOWN_ERRORS), StudentError)
        if words[0] in _KNOWN_ERRORS:
            return known
        if words not in self._made and len(self._made) < 200:
            parent = self.mirror(list(words[1:])) if len(words) > 1 else known
            self._made[words] = type(words[0], (parent,), {})
        return self._made.get(words, known)

    def raised(self, head: dict[str, Any]) -> Exception:
        """The exception of a reply that says `raised`."""
        names, message = head.get("names"), head.get("message")
        kind = self.mirror(names if isinstance(names, list) else [])
        text = message if isinstance(message, str) else ""
        return kind(text[:2000])


def make_proxy(asking: Asking, spec: Spec, errors: ErrorTypes) -> Any:
    """The proxy of a handle; an exception class becomes a class of our own."""
    kind = spec.get("kind")
    if kind == "exception":
        names = [spec.get("name"), *(spec.get("bases") or ())]
        return errors.mirror(names)
    return _KINDS.get(kind if type(kind) is str else "", Remote)(asking, spec)


_KINDS: dict[str, type[Remote]] = {
    "class": RemoteClass,
    "function": RemoteFunction,
    "callable": RemoteCallable,
    "member": RemoteMember,
    "coroutine": RemoteCoroutine,
}


def _exact(value: object, kind: type[T]) -> T:
    """The value, when it's exactly of that type: a student's subclass of int or str may lie."""
    if type(value) is not kind or not isinstance(value, kind):
        raise CannotJudge(f"a student's object answered with no {kind.__name__}")
    return value
