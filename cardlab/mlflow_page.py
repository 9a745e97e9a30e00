"""The MLflow page of a student's server: `python -m cardlab.mlflow_page SOCKET`, which jupyter-server-proxy starts.

It listens on a socket with a path, not on a port that others on the machine could reach, and ends with who started it.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from cardlab.tracking import page_store

LOOK_S = 1.0  # between two looks at whether the one who started us is still there


def command_of(socket: str, store: str) -> list[str]:
    """The words that start MLflow's server for this store.

    The proxy has asked who the visitor is and passes on the hub's own name as host and origin, which MLflow can't know.
    """
    artifacts = str(Path(store.removeprefix("sqlite:///")).parent / "artifacts")
    options = ["--backend-store-uri", store, "--artifacts-destination", artifacts, "--workers", "1"]
    options += ["--allowed-hosts", "*", "--cors-allowed-origins", "*", "--uvicorn-opts", f"--uds {socket}"]
    return [sys.executable, "-m", "mlflow", "server", *options]


def main() -> int:
    """Runs the server until it ends, or this process is told to, or the one who started it is gone."""
    parent = os.getppid()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # MLflow's server has processes of its own, so it gets a group that can be ended whole. Eight of them, of 270 MB
    # each, would wait for jobs that no page of ours starts.
    environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    server = subprocess.Popen(command_of(sys.argv[1], page_store()), env=environment, start_new_session=True)
    try:
        while server.poll() is None and os.getppid() == parent:
            time.sleep(LOOK_S)
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
    return server.wait()


if __name__ == "__main__":
    sys.exit(main())
