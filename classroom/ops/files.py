"""Files that only their owner may read, replaced in one step."""

import os
import secrets
from pathlib import Path

_TOKEN_BYTES = 32


def private_folder(path: Path) -> Path:
    """The folder, made if need be, closed to everybody else."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.chmod(0o700)
    return path


def write_private(path: Path, text: str) -> None:
    """Write beside and rename: a reader sees the old text or the new, and never a mode wider than 0600."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)
    beside.replace(path)


def ensure_token(path: Path) -> str:
    """The secret in that file, made at the first call: 64 hex digits."""
    if not path.is_file():
        write_private(path, secrets.token_hex(_TOKEN_BYTES))
    return path.read_text(encoding="utf-8").strip()
