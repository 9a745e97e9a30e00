"""One kernel process in a folder of its own, with an environment that holds nothing of ours."""

import ctypes
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from judge.sandbox.owners import new_name

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
MAX_FILE_BYTES = 1 << 30


class UnsafeFile(ValueError):
    """A file's path would leave the work folder."""


@contextmanager
def work_place(files: Mapping[str, bytes], shared: Sequence[Path]) -> Iterator[Path]:
    """A new private folder with work/ (the job's files), home/, tmp/ and run/; removed at the end.

    shared: folders linked beside work/, so that code which looks for its data/ upwards finds it.
    """
    place = Path(tempfile.gettempdir()) / new_name()
    place.mkdir(mode=0o700)
    try:
        for name in ("work", "home", "tmp", "run"):
            (place / name).mkdir()
        for folder in shared:
            (place / folder.name).symlink_to(folder)
        write_files(place / "work", files)
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes files by relative path; raises UnsafeFile."""
    for name, data in files.items():
        path = Path(os.path.normpath(folder / name))
        if not path.is_relative_to(folder) or path == folder:
            raise UnsafeFile(f"{name!r} doesn't stay in the work folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def minimal_environment(place: Path, python_path: Sequence[Path]) -> dict[str, str]:
    """No token, no setting, no home of ours; one thread for each numerical library."""
    home = str(place / "home")
    threads = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM", "POLARS_MAX", "LOKY_MAX_CPU")
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": home,
        "TMPDIR": str(place / "tmp"),
        "IPYTHONDIR": f"{home}/ipython",
        "MPLCONFIGDIR": f"{home}/matplotlib",
        "JUPYTER_CONFIG_DIR": f"{home}/jupyter",
        "JUPYTER_DATA_DIR": f"{home}/jupyter",
        "JUPYTER_RUNTIME_DIR": str(place / "run"),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONPATH": os.pathsep.join(str(path) for path in python_path),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "JPY_PARENT_PID": str(os.getpid()),
        **{f"{name}_{'COUNT' if 'LOKY' in name else 'NUM_THREADS'}": "1" for name in threads if "POLARS" not in name},
        "POLARS_MAX_THREADS": "1",
    }


def start_kernel(connection_file: Path, place: Path, python_path: Sequence[Path]) -> "subprocess.Popen[bytes]":
    """An ordinary ipykernel in work/. -P: a submitted numpy.py shadows nothing."""
    command = [sys.executable, "-P", "-m", "ipykernel_launcher", "-f", str(connection_file)]
    command += ["--HistoryManager.hist_file=:memory:", "--quiet"]
    return subprocess.Popen(
        command,
        cwd=place / "work",
        env=minimal_environment(place, python_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=_before_exec,
    )


def adopt_orphans() -> None:
    """From now on processes that lose their parent below us become our children, so that `sweep` finds them."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """This process is killed when the thread that started it ends."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def sweep() -> None:
    """Kills everything below us until nothing is left."""
    for _ in range(1000):
        children = child_ids(os.getpid())
        if not children:
            return
        for pid in children:
            _kill(pid)
        for pid in children:
            _reap(pid)


def child_ids(pid: int) -> list[int]:
    """The processes that one of this process' threads started or adopted; empty where there is no /proc."""
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(word) for word in children.read_text().split()]
        except OSError:
            continue
    return found


def resident_bytes(pid: int) -> int:
    """Memory of a process and all below it; shared pages count each time, 0 where there is no /proc."""
    try:
        own = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
    except (OSError, IndexError):
        return 0
    return own + sum(resident_bytes(child) for child in child_ids(pid))


def _before_exec() -> None:
    die_with_parent()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FILE_BYTES, MAX_FILE_BYTES))


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        return
