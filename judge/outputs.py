"""Outputs of a cell, collected from kernel messages into nbformat's form, capped by bytes."""

import json
from dataclasses import dataclass, field
from typing import Any

from judge.plan import State

# A figure is 20 to 100 KB as base64 and mustn't fall to the cap meant for runaway prints.
IMAGE_FACTOR = 16
MAX_TEXT_BYTES = 4 << 20  # of a whole notebook
MAX_IMAGE_BYTES = 16 << 20
MAX_OUTPUTS = 5_000  # of a whole notebook
_MAX_NAME = 200  # characters of a MIME type or an error's class
_FIRST_MIMES = ("text/plain", "image/png", "image/jpeg")


@dataclass
class Room:
    """What a whole notebook may still show: bytes in text and in images, and how many outputs."""

    text: int = MAX_TEXT_BYTES
    images: int = MAX_IMAGE_BYTES
    outputs: int = MAX_OUTPUTS


@dataclass(frozen=True)
class Ran:
    """How one cell ran. result: text/plain of its last execute_result; reason: why it didn't end by itself."""

    state: State
    outputs: list[dict[str, Any]] = field(default_factory=list)
    result: str | None = None
    ename: str | None = None
    error: str | None = None
    reason: str | None = None
    has_run: bool = True

    @property
    def printed(self) -> str:
        return "".join(str(one["text"]) for one in self.outputs if one.get("name") == "stdout")


class Collector:
    """Takes the iopub messages of one cell in their order."""

    def __init__(self, limit_bytes: int, room: Room) -> None:
        self.outputs: list[dict[str, Any]] = []
        self.result: str | None = None
        self.ename: str | None = None
        self.error: str | None = None
        self._room = room
        self._limit = limit_bytes
        self._text_left = limit_bytes
        self._images_left = limit_bytes * IMAGE_FACTOR
        self._cut = False
        self._clear_next = False

    def add(self, kind: str, content: dict[str, Any]) -> None:
        """Adds one message; kinds that show nothing are passed over."""
        if kind == "clear_output":
            self._clear_next = True
            if not content.get("wait"):
                self._clear()
        elif kind in {"stream", "display_data", "execute_result", "error"}:
            self._clear()
            self._show(kind, content)
        elif kind == "update_display_data":
            self._update(content)

    def note_error(self, ename: str, evalue: str, traceback: list[str]) -> None:
        """An error that the kernel's reply names; shown unless a message already did."""
        if self.error is None:
            self.add("error", {"ename": ename, "evalue": evalue, "traceback": traceback})

    def _clear(self) -> None:
        if self._clear_next:
            self._room.outputs += len(self.outputs)
            self.outputs.clear()
            self._clear_next = False

    def _show(self, kind: str, content: dict[str, Any]) -> None:
        if kind == "stream":
            self._add_stream("stderr" if content["name"] == "stderr" else "stdout", str(content["text"]))
        elif kind == "error":
            self._add_error(content)
        else:
            data = self._fitting(content["data"])
            shown: dict[str, Any] = {
                "output_type": kind,
                "data": data,
                "metadata": self._fitting(content.get("metadata", {})),
            }
            if kind == "execute_result":
                count = content.get("execution_count")
                shown["execution_count"] = count if type(count) is int else None
                self.result = str(content["data"].get("text/plain", ""))
            self._append(shown | {"_id": content.get("transient", {}).get("display_id")})

    def _append(self, output: dict[str, Any]) -> None:
        """Without text an output costs memory, too. The last one that fits is a note."""
        if self._room.outputs <= 0:
            return
        self._room.outputs -= 1
        note = {"output_type": "stream", "name": "stderr", "text": f"[cut here: more than {MAX_OUTPUTS} outputs]\n"}
        self.outputs.append(output if self._room.outputs else note)

    def _update(self, content: dict[str, Any]) -> None:
        wanted = content.get("transient", {}).get("display_id")
        for output in self.outputs:
            if wanted is not None and output.get("_id") == wanted:
                output["data"] = self._fitting(content["data"])

    def _add_stream(self, name: str, text: str) -> None:
        text = self._take_text(text)
        last = self.outputs[-1] if self.outputs else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["text"] += text
        elif text:
            self._append({"output_type": "stream", "name": name, "text": text})

    def _add_error(self, content: dict[str, Any]) -> None:
        self.ename = str(content["ename"])[:_MAX_NAME]
        self.error = f"{self.ename}: {content['evalue']}"[:2000]
        lines = [self._take_text(str(line)) for line in content["traceback"][:MAX_OUTPUTS]]
        evalue = str(content["evalue"])[:2000]
        self._append({"output_type": "error", "ename": self.ename, "evalue": evalue, "traceback": lines})

    def _take_text(self, text: str) -> str:
        data = text.encode("utf-8", "replace")
        kept = data[: max(min(self._text_left, self._room.text), 0)]
        self._text_left -= len(kept)
        self._room.text -= len(kept)
        if len(kept) == len(data):
            return text
        note = "" if self._cut else f"\n[cut here: more than {self._limit} bytes]\n"
        self._cut = True
        return kept.decode("utf-8", "ignore") + note

    def _fitting(self, data: dict[str, Any]) -> dict[str, Any]:
        """The kinds that fit what is left, the plain ones first; what doesn't fit is left out whole.

        Metadata, which have the same keys, are counted in the same way.
        """
        kept: dict[str, Any] = {}
        for mime in sorted(data, key=lambda mime: (mime not in _FIRST_MIMES, mime)):
            value = data[mime]
            if len(mime) > _MAX_NAME:
                continue
            size = (
                len(mime) + len(value.encode("utf-8", "replace"))
                if isinstance(value, str)
                else len(mime + json.dumps(value))
            )
            if mime.startswith("image/"):
                if size <= min(self._images_left, self._room.images):
                    self._images_left -= size
                    self._room.images -= size
                    kept[mime] = value
            elif mime == "text/plain" and isinstance(value, str):
                kept[mime] = self._take_text(value)
            elif size <= min(self._text_left, self._room.text):
                self._text_left -= size
                self._room.text -= size
                kept[mime] = value
        return kept

    def end(self, state: State, reason: str | None = None) -> Ran:
        """What the cell showed, with how it ended."""
        outputs = [{key: value for key, value in one.items() if key != "_id"} for one in self.outputs]
        return Ran(state, outputs, self.result, self.ename, self.error, reason)
