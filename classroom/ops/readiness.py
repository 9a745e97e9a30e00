"""Waiting for a started class, and saying why it didn't come."""

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from classroom.errors import SettingsError

_PAUSE_S = 0.3
_LOG_LINES = 15


def wait_until_ready(hub: "subprocess.Popen[bytes]", urls: Sequence[str], *, logs: Path, timeout_s: float) -> None:
    """Return when every URL has answered 200; raises SettingsError when the hub dies or the time is over."""
    deadline = time.monotonic() + timeout_s
    # No proxy of the machine's environment: these are our own ports.
    with httpx.Client(timeout=5.0, trust_env=False) as client:
        for url in urls:
            while not _answers(client, url):
                if hub.poll() is not None:
                    raise SettingsError(f"the hub ended with code {hub.returncode}\n{_tails(logs)}")
                if time.monotonic() > deadline:
                    raise SettingsError(f"{url} didn't answer in {timeout_s:.0f} s\n{_tails(logs)}")
                time.sleep(_PAUSE_S)


def _answers(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _tails(logs: Path) -> str:
    """The last lines of each log: one of them says why."""
    return "\n".join(f"--- {log} ---\n{_tail(log)}" for log in sorted(logs.glob("*.log")))


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:])
