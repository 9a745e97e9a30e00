"""The forked judge at work: takes one order, tries every test, answers with verdicts, ends."""

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from judge.channel import Channel, Message
from judge.codec import CodecError, decode
from judge.judge import Judge
from judge.plan import CellVerdict, Limits, PlanCell, State
from judge.session import Session

ORDER_S = 60.0

Place = Session | Mapping[str, Any]  # a parked copy to ask, or plain values


def serve(channel: Channel) -> None:
    """One submission: an order with the cells, then one message for each place; a verdict goes out as it's reached."""
    order = json.loads(bytes(_next(channel).frame))
    places = [_place(_next(channel), order) for _ in range(order["places"])]
    cells, limits = [PlanCell(**cell) for cell in order["cells"]], Limits(**order["limits"])
    for verdict in try_all(cells, order["place_of"], places, limits):
        channel.send({}, json.dumps(asdict(verdict)).encode())
    os._exit(0)


def try_all(
    cells: Sequence[PlanCell], place_of: Mapping[str, int], places: Sequence[Place], limits: Limits
) -> Iterator[CellVerdict]:
    """The verdicts of the test cells, in order; trusted locked cells run here too, where they stand among them.

    Cells of the student are only text here, for tests that read it.
    """
    judge = Judge(limits)
    broken: str | None = None
    for cell in cells:
        if cell.role == "locked":
            broken = judge.run_locked(cell) or broken
        elif cell.role == "student":
            judge.sources.append(cell.source)
        elif cell.id not in place_of:
            yield _lost(cell, State.crashed, "the student's process ended before this test")
        elif broken:
            yield _lost(cell, State.grader_fault, broken)
        else:
            yield judge.test(cell, places[place_of[cell.id]])


def _next(channel: Channel) -> Message:
    return channel.receive(time.monotonic() + ORDER_S)


def _lost(cell: PlanCell, state: State, reason: str) -> CellVerdict:
    return CellVerdict(cell.id, 0.0, cell.points, state, cell.hint, reason)


def _place(message: Message, order: dict[str, Any]) -> Place:
    if message.fds:
        return Session(Channel.from_fd(message.fds[0]), call_s=order["limits"]["call_s"])
    try:
        values = decode(message.frame)
    except CodecError:
        values = {}
    return values if type(values) is dict else {}
