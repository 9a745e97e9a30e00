"""IPython without a kernel: runs cells and hands back what they show, as the messages a kernel would have sent."""

import asyncio
import builtins
import io
import os
import subprocess
import sys
import traceback
from types import TracebackType
from typing import Any, NoReturn

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

Shown = tuple[str, dict[str, Any]]  # a kernel's message: its type and content


class Tape:
    """Everything that cells have shown since it was last taken. Streams are joined until something else is shown."""

    def __init__(self) -> None:
        self._shown: list[Shown] = []

    def add(self, kind: str, content: dict[str, Any]) -> None:
        last = self._shown[-1] if self._shown else None
        if kind == "stream" and last is not None and last[0] == kind and last[1]["name"] == content["name"]:
            last[1]["parts"].append(content["text"])
        elif kind == "stream":
            self._shown.append((kind, {"name": content["name"], "parts": [content["text"]]}))
        else:
            self._shown.append((kind, content))

    def take(self) -> list[Shown]:
        shown, self._shown = self._shown, []
        for kind, content in shown:
            if kind == "stream":
                content["text"] = "".join(content.pop("parts"))
        return shown


class Stream(io.TextIOBase):
    """sys.stdout or sys.stderr of the cells."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, name: str, tape: Tape, descriptor: int) -> None:
        super().__init__()
        self.name = name
        self._tape = tape
        self._descriptor = descriptor

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text:
            self._tape.add("stream", {"name": self.name, "text": str(text)})
        return len(text)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor


class _Hook(DisplayHook):
    """Shows the value of a cell's last expression."""

    tape: Tape

    def write_output_prompt(self) -> None:
        """A prompt belongs to a terminal."""

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        content = {"data": format_dict, "metadata": md_dict or {}, "execution_count": self.prompt_count}
        self.tape.add("execute_result", encode_images(content))

    def finish_displayhook(self) -> None:
        """Nothing stands between the value and the next output."""


class _Publisher(DisplayPublisher):
    """Shows what display() is given."""

    tape: Tape

    def publish(
        self,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        source: object = None,
        *,
        transient: dict[str, Any] | None = None,
        update: bool = False,
        **_: object,
    ) -> None:
        content = {"data": data, "metadata": metadata or {}, "transient": transient or {}}
        self.tape.add("update_display_data" if update else "display_data", encode_images(content))

    def clear_output(self, wait: bool = False) -> None:
        self.tape.add("clear_output", {"wait": wait})


def encode_images(content: dict[str, Any]) -> dict[str, Any]:
    """Pictures as base64 text, as a kernel sends them."""
    import base64

    data = {
        kind: base64.b64encode(value).decode("ascii") + "\n" if isinstance(value, bytes) else value
        for kind, value in content["data"].items()
    }
    return content | {"data": data}


class Shell(InteractiveShell):
    """One shell a process. `tape` holds what was shown."""

    displayhook_class = _Hook
    display_pub_class = _Publisher
    kernel = None  # pandas and others look for this attribute to tell a notebook from a terminal
    _instance = None

    def __init__(self, **kwargs: Any) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        config.InteractiveShell.xmode = "Plain"
        super().__init__(config=config, **kwargs)
        self.tape = Tape()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped_loops: list[asyncio.AbstractEventLoop] = []
        self.displayhook.tape = self.tape  # type: ignore[attr-defined]  # displayhook_class says which it is
        self.display_pub.tape = self.tape  # type: ignore[attr-defined]  # display_pub_class says which it is
        builtins.input = _no_input

    def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
        self.tape.add("error", {"ename": etype.__name__, "evalue": _text_of(evalue), "traceback": stb})

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        """A plain traceback from the cell's first line on: IPython's costs 5 to 20 ms a failing cell."""
        etype, evalue, trail = sys.exc_info()
        if etype is None or evalue is None:
            return
        self._showtraceback(etype, evalue, _plain_traceback(etype, evalue, trail))

    def showsyntaxerror(self, *args: Any, **kwargs: Any) -> None:
        self.showtraceback()

    def system(self, command: str) -> None:
        """`!command` through pipes; there is no terminal here."""
        done = subprocess.run(
            self.var_expand(command, depth=1), shell=True, capture_output=True, check=False, timeout=60
        )
        sys.stdout.write(done.stdout.decode("utf-8", "replace"))
        sys.stderr.write(done.stderr.decode("utf-8", "replace"))
        self.user_ns["_exit_code"] = done.returncode

    def enable_gui(self, gui: str | None = None) -> None:
        """No event loop is wanted: figures are shown inline."""

    def ask_exit(self) -> None:
        """`exit` in a cell ends nothing."""

    def init_virtualenv(self) -> None:
        """The interpreter is the right one already."""

    def run(self, source: str) -> list[Shown]:
        """What one cell shows; it never raises over what the cell does, SystemExit included.

        As in a kernel, a cell finds an event loop running, and what it started there goes on while a later one waits.
        """
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        try:
            self._loop.run_until_complete(self._run(source))
        except BaseException:  # interrupted while it waited: what the cell awaits must not run in a later one
            self._stopped_loops.append(self._loop)  # kept: an unfinished task complains when it's collected
            self._loop = None
            raise
        return self.tape.take()

    async def _run(self, source: str) -> None:
        if "await" in source or "async" in source:
            result = None
            try:
                result = await self.run_cell_async(
                    source, store_history=True, transformed_cell=self.transform_cell(source)
                )
            finally:
                self.events.trigger("post_execute")
                self.events.trigger("post_run_cell", result)
        else:
            self.run_cell(source, store_history=True)

    def end_loop(self) -> None:
        """For a process that is about to be copied: no loop goes along."""
        if self._loop is not None:
            self._loop.close()
            self._loop = None


# Libraries ask by this name whether they are in a notebook: pandas for its widths, rich, tqdm.
Shell.__name__ = Shell.__qualname__ = "ZMQInteractiveShell"


def make_shell() -> Shell:
    """The shell of this process, with its streams in place of sys.stdout and sys.stderr."""
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    shell = Shell.instance()
    sys.stdout, sys.stderr = Stream("stdout", shell.tape, 1), Stream("stderr", shell.tape, 2)
    sys.stdin = None  # as in a kernel, nobody types
    return shell


def _plain_traceback(etype: type[BaseException], evalue: BaseException, trail: TracebackType | None) -> list[str]:
    if issubclass(etype, SyntaxError):
        return "".join(traceback.format_exception_only(etype, evalue)).splitlines()
    frames = traceback.extract_tb(trail)
    own = next(
        (n for n, frame in enumerate(frames) if "ipython-input" in frame.filename or "ipykernel" in frame.filename), 0
    )
    shown = traceback.StackSummary.from_list(frames[own:][:20])
    last = traceback.format_exception_only(etype, evalue)
    return "".join(["Traceback (most recent call last):\n", *shown.format(), *last]).splitlines()


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a student's __str__ may do anything
        return ""


def _no_input(prompt: object = "") -> NoReturn:
    raise RuntimeError("nobody can answer input() while a notebook is graded")
