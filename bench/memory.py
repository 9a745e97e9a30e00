"""How much memory a family of processes takes at most."""

import threading
from contextlib import suppress
from pathlib import Path

INTERVAL_S = 0.02


class Peak:
    """Samples all processes below `ancestor`, itself included, until the block ends."""

    def __init__(self, ancestor: int) -> None:
        self._ancestor = ancestor
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.pss_mb = 0.0  # of the whole family
        self.private_mb = 0.0  # of its largest moment: what no two processes share

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(INTERVAL_S):
            sizes = [_sizes_kb(pid) for pid in _family(self._ancestor)]
            self.pss_mb = max(self.pss_mb, sum(pss for pss, _ in sizes) / 1024)
            self.private_mb = max(self.private_mb, sum(private for _, private in sizes) / 1024)


def pss_mb(pid: int) -> float:
    """Proportional memory of one process: its own, and its share of what it shares; 0 when it's gone."""
    return _sizes_kb(pid)[0] / 1024


def _family(ancestor: int) -> list[int]:
    found, waiting = [ancestor], [ancestor]
    while waiting:
        pid = waiting.pop()
        with suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                children = [int(word) for word in (task / "children").read_text().split()]
                found += children
                waiting += children
    return found


def _sizes_kb(pid: int) -> tuple[int, int]:
    """Proportional and private memory; 0 when the process is gone."""
    pss = private = 0
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                pss = int(line.split()[1])
            elif line.startswith("Private_"):
                private += int(line.split()[1])
    return pss, private
