"""How far a run is: a bar with counts and the time left on a terminal, a line at each tenth elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from classroom.grading.jobs import RunProgress


@contextmanager
def progress_bar(title: str, console: Console | None = None) -> Iterator[Callable[[RunProgress], None]]:
    """Call what it gives as often as you like. Everything goes to stderr."""
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield _lines(title, console)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[told]}"))
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(title, total=None, told="")
        yield lambda state: bar.update(task, total=state.total, completed=state.done, told=told(state))


def told(state: RunProgress) -> str:
    """The counts by state, and the time left where it can be told."""
    words = [f"{count} {word.replace('_', ' ')}" for word, count in sorted(state.by_state.items())]
    return ", ".join(words + ([] if state.seconds_left is None else [f"{_duration(state.seconds_left)} left"]))


def _lines(title: str, console: Console) -> Callable[[RunProgress], None]:
    shown = -1

    def show(state: RunProgress) -> None:
        nonlocal shown
        tenth = state.done * 10 // max(state.total, 1)
        if tenth > shown:
            shown = tenth
            console.print(
                f"{title}: {state.done} of {state.total}: {told(state)}", markup=False, highlight=False, soft_wrap=True
            )

    return show


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
