"""The folder of one child: the notebook's own in it, and beside that what is shared."""

import os
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from judge.sandbox.sweep import remove_folder

NOTEBOOK = "notebook"  # the folder that cells and tests run in


@contextmanager
def work_folder(
    parent: Path,
    files: Mapping[str, bytes],
    released: Collection[str],
    *,
    shared: Sequence[Path] = (),
    uid: int | None = None,
) -> Iterator[Path]:
    """A new folder in `parent`, removed at the end; it's the user's whom the child becomes.

    files: what stands beside the notebook, by relative path; those `released` no cell can change. shared: folders
    linked beside the notebook's.
    """
    work = Path(tempfile.mkdtemp(prefix="work-", dir=parent))
    try:
        notebook = work / NOTEBOOK
        notebook.mkdir()
        for path in shared:
            (work / path.name).symlink_to(path)
        for name, data in files.items():
            path = notebook / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            if name in released:
                path.chmod(0o444)
        if uid is not None:
            os.chown(work, uid, uid)
            _give_away(notebook, uid, {notebook / name for name in released})
        yield work
    finally:
        remove_folder(work)


def _give_away(folder: Path, uid: int, kept: Collection[Path]) -> None:
    """Makes a folder a user's, but for some files: in a sticky folder he can't replace what isn't his own."""
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            path.chmod(0o1777)
        elif path not in kept:
            os.chown(path, uid, uid)
