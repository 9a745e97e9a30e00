"""A student's objects as the judge holds them: they can be used, and they can't judge.

A proxy has no truth value, no number, no equality with plain data and no text, unless the test made the object itself
by calling a student's class. What a comparison of a student's own objects says is counted (`remote_verdicts`), so that
the author learns of tests that only the student's code decides.
"""

import operator
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, Protocol, TypeVar

from judge.codec.core import Spec

T = TypeVar("T")


class Asking(Protocol):
    """The conversation with one worker."""

    remote_verdicts: int

    def call(self, target: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any: ...

    def attribute(self, target: object, name: str) -> Any: ...

    def set_attribute(self, target: object, name: str, value: object) -> None: ...

    def op(self, name: str, *operands: object) -> Any: ...


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
        if name.startswith("__") and name.endswith("__") and name not in ("__name__", "__doc__", "__len__"):
            raise AttributeError(name)
        return self._asking.attribute(self, name)

    def __setattr__(self, name: str, value: object) -> None:
        self._asking.set_attribute(self, name, value)

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

    def __exit__(self, *_: object) -> None:
        self._asking.op("exit", self, None, None, None)

    def __bool__(self) -> NoReturn:
        raise CannotJudge("a student's object has no truth value here; compare plain values")

    def _no_number(self) -> NoReturn:
        raise CannotJudge("a student's object is no number here; ask for a plain value")

    __int__ = __float__ = __complex__ = __index__ = _no_number

    def __array__(self, *_: object, **__: object) -> NoReturn:
        raise CannotJudge("a student's object is no array here; ask for a plain value")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise CannotJudge("a student's object can't be copied out of its process")

    def __deepcopy__(self, memo: object) -> Any:
        return self._asking.call(_remote_function(self._asking, "copy.deepcopy"), (self,), {})


def _operator(name: str) -> Callable[..., Any]:
    def ask(self: Remote, *others: object) -> Any:
        return self._asking.op(name, self, *others)

    return ask


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", "lshift",
              "rshift", "neg", "pos", "abs", "invert", "radd", "rsub", "rmul", "rtruediv", "iadd", "isub", "imul",
              "round", "divmod", "reversed"):  # fmt: skip
    setattr(Remote, f"__{_name}__", _operator(_name if hasattr(operator, _name) or _name[0] == "r" else f"{_name}_"))


class RemoteIterator:
    """The student's iterator; ends when the student's does."""

    def __init__(self, asking: Asking, remote: Any) -> None:
        self._asking = asking
        self._remote = remote

    def __iter__(self) -> "RemoteIterator":
        return self

    def __next__(self) -> Any:
        return self._asking.op("next", self._remote)


class RemoteFunction(Remote):
    """A student's function."""

    __slots__ = ()

    @property
    def __name__(self) -> str:
        return str(self._spec.get("name", "function"))[:100]


class RemoteClass(Remote):
    """A student's class: calling it makes an object that belongs to the test."""

    __slots__ = ()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        made = self._asking.call(self, args, kwargs)
        if isinstance(made, Remote):
            object.__setattr__(made, "_made_here", True)
        return made

    def __instancecheck__(self, instance: object) -> bool:
        if not isinstance(instance, Remote):
            return False
        name = self._spec.get("name")
        return name == instance._spec.get("name") or name in instance._spec.get("bases", ())


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
    if kind == "class":
        return RemoteClass(asking, spec)
    if kind == "function":
        return RemoteFunction(asking, spec)
    return Remote(asking, spec)


def _remote_function(asking: Asking, name: str) -> RemoteFunction:
    return RemoteFunction(asking, {"known": name})


def _exact(value: object, kind: type[T]) -> T:
    """The value, when it's exactly of that type: a student's subclass of int or str may lie."""
    if type(value) is not kind or not isinstance(value, kind):
        raise CannotJudge(f"a student's object answered with no {kind.__name__}")
    return value
