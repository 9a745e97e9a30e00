"""What a browser keeps between requests: sealed cookies and the CSRF token that belongs to them."""

import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

SESSION_COOKIE = "classroom-session"
SESSION_S = 12 * 3600
_KEY_FILE = "cookie.key"


@dataclass(frozen=True)
class Session:
    """One browser that signed in. `token`: the hub's OAuth token; `id`: random, what the CSRF token is bound to."""

    token: str
    id: str

    @classmethod
    def start(cls, token: str) -> "Session":
        return cls(token, secrets.token_urlsafe(24))


class Seals:
    """Encrypts what a cookie holds, and makes CSRF tokens, with one key of the service."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(key)
        self._csrf_key = hashlib.sha256(b"csrf:" + key).digest()

    def seal(self, kind: str, value: dict[str, str]) -> str:
        """The value, encrypted and dated. `kind` keeps one cookie from being replayed as another."""
        return self._fernet.encrypt(json.dumps({"kind": kind, **value}).encode()).decode()

    def unseal(self, kind: str, sealed: str | None, *, max_age_s: int) -> dict[str, Any] | None:
        """What was sealed; None when it's absent, too old, of another kind, or not ours."""
        if not sealed:
            return None
        try:
            value = json.loads(self._fernet.decrypt(sealed.encode(), ttl=max_age_s))
        except (InvalidToken, UnicodeError, ValueError):
            return None
        return value if isinstance(value, dict) and value.get("kind") == kind else None

    def seal_session(self, session: Session) -> str:
        return self.seal("session", {"token": session.token, "id": session.id})

    def unseal_session(self, sealed: str | None) -> Session | None:
        value = self.unseal("session", sealed, max_age_s=SESSION_S)
        return Session(value["token"], value["id"]) if value else None

    def csrf_token(self, session: Session) -> str:
        """What a form of this session must send back."""
        return hmac.new(self._csrf_key, session.id.encode(), hashlib.sha256).hexdigest()

    def is_csrf_token(self, session: Session, given: str) -> bool:
        return hmac.compare_digest(self.csrf_token(session).encode(), given.encode())


def load_seals(secrets_folder: Path) -> Seals:
    """The seals with the key in the folder; the first start makes it, readable by this account alone."""
    path = secrets_folder / _KEY_FILE
    if not path.is_file():
        secrets_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_once(path, Fernet.generate_key())
    return Seals(path.read_bytes().strip())


def _write_once(path: Path, content: bytes) -> None:
    """Beside and link: a second process that starts in the same moment reads the first one's key, never half of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.touch(mode=0o600)
    beside.write_bytes(content)
    try:
        path.hardlink_to(beside)
    except FileExistsError:
        pass
    finally:
        beside.unlink()
