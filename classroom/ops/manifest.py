"""What a backup holds: every file with its digest; copying files so that each is digested on its way."""

import hashlib
import json
import os
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from classroom.archive import CHUNK
from classroom.errors import SettingsError

NAME = "manifest.json"
# In the state folder from the first to the last moment of a restore: a class restored by half doesn't pass for one.
HALF = "restore-unfinished"
FORMAT = 1


@dataclass(frozen=True)
class Item:
    """One file. sha256, size_bytes: of what was copied; link: where it points, for a symbolic link, which has neither.

    mode: permissions; uid, gid: its owner, given back where we may.
    """

    sha256: str = ""
    size_bytes: int = 0
    link: str = ""
    mode: int = 0o600
    uid: int = -1
    gid: int = -1


@dataclass(frozen=True)
class Manifest:
    """made_at: ISO 8601, UTC. databases: kind by name. counts: rows by table. files: by path below the backup."""

    course: str
    made_at: str
    release: str
    databases: Mapping[str, str]
    counts: Mapping[str, int]
    files: Mapping[str, Item]


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """The last file of a backup: without it there is none."""
    with (folder / NAME).open("w", encoding="utf-8") as file:
        json.dump({"format": FORMAT, **asdict(manifest)}, file, indent=1)
        file.flush()
        os.fsync(file.fileno())


def read_manifest(folder: Path) -> Manifest:
    """What the backup in `folder` says of itself; raises SettingsError."""
    try:
        values: dict[str, Any] = json.loads((folder / NAME).read_text(encoding="utf-8"))
        if values.pop("format") != FORMAT:
            raise SettingsError(f"{folder} is a backup of another format; restore it with the release that made it")
        files = {path: Item(**item) for path, item in values.pop("files").items()}
        return Manifest(**values, files=files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"{folder} is no complete backup: its {NAME} can't be read ({error})") from error


def complaints(folder: Path, files: Mapping[str, Item], *, only_listed: bool = True) -> Iterator[str]:
    """What differs between the files below `folder` and the list; nothing when all is well."""
    for path, item in files.items():
        found = folder / path
        if item.link:
            if not found.is_symlink() or str(found.readlink()) != item.link:
                yield f"{path} is no link to {item.link}"
        elif found.is_symlink() or not found.is_file():
            yield f"{path} is missing"
        elif _digest(found) != item.sha256:
            yield f"{path} has other content"
    if only_listed:
        for where, folders, names in os.walk(folder):
            links = [name for name in folders if Path(where, name).is_symlink()]
            for name in (*names, *links):
                path = Path(where, name).relative_to(folder).as_posix()
                if path not in files and path != NAME:
                    yield f"{path} isn't in the list"


def copy_tree(source: Path, target: Path, *, leave_out: Collection[str] = ()) -> tuple[dict[str, Item], bool]:
    """Copies all files below `source`; each by its path in it, and whether something vanished meanwhile.

    leave_out: paths below `source`, with all that is in them. Links are copied as links, never followed, were a folder
    changed into one in this moment; pipes, sockets and devices are left out.
    """
    copied: dict[str, Item] = {}
    has_vanished = False
    target.mkdir(parents=True, exist_ok=True)
    for where, folders, names, descriptor in os.fwalk(source, follow_symlinks=False):
        here = Path(where).relative_to(source)
        folders[:] = [name for name in folders if (here / name).as_posix() not in leave_out]
        for name in (*names, *folders):
            path = (here / name).as_posix()
            if path in leave_out:
                continue
            try:
                item = _copy(name, descriptor, target / path)
            except FileNotFoundError:
                has_vanished = True
                continue
            if item is not None:
                copied[path] = item
    return copied, has_vanished


def put_back(folder: Path, files: Mapping[str, Item], target: Path) -> None:
    """Copies listed files of a backup to their places below `target`, with their modes and, where we may, owners."""
    for path, item in files.items():
        place = target / path
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if item.link:
            place.symlink_to(item.link)
        else:
            with (folder / path).open("rb") as source, _create(place) as file:
                while chunk := source.read(CHUNK):
                    file.write(chunk)
                os.fchmod(file.fileno(), item.mode)
        if os.geteuid() == 0:
            os.chown(place, item.uid, item.gid, follow_symlinks=False)


def _copy(name: str, folder: int, target: Path) -> Item | None:
    """One file or link by its name in an open folder; None for what is neither, of which folders are made anew."""
    about = os.stat(name, dir_fd=folder, follow_symlinks=False)
    facts = (stat.S_IMODE(about.st_mode), about.st_uid, about.st_gid)
    if stat.S_ISLNK(about.st_mode):
        link = os.readlink(name, dir_fd=folder)
        target.symlink_to(link)
        return Item("", 0, link, *facts)
    if stat.S_ISDIR(about.st_mode):
        target.mkdir(exist_ok=True)
    if not stat.S_ISREG(about.st_mode):
        return None
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    with open(descriptor, "rb") as source, _create(target) as file:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
    return Item(digest.hexdigest(), size, "", *facts)


def _create(path: Path) -> Any:
    """A new file that its owner alone may read."""
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def digest_of(path: Path) -> Item:
    """The item of a file that was written here."""
    return Item(_digest(path), path.stat().st_size)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
