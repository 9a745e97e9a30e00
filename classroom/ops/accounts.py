"""Accounts of the embedded class: names, groups and scrypt hashes in one file that only its owner reads."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from classroom.errors import SettingsError
from classroom.ids import StudentId, parse_student_id
from classroom.ops.files import write_private

# OWASP's password storage cheat sheet: N=2^14, r=8, p=5 is one of its equal choices, and takes 16 MB.
_COST, _BLOCK, _PARALLEL = 2**14, 8, 5
_SALT_BYTES = 16

ROLES = ("instructors", "graders", "students")
DEMO_ROSTER: Mapping[str, str] = {
    "instructor": "instructors",
    "grader": "graders",
    "student1": "students",
    "student2": "students",
    "student3": "students",
}


@dataclass(frozen=True)
class Account:
    """One who may sign in. role: one of ROLES. salt and digest: base64."""

    name: str
    role: str
    salt: str
    digest: str


def make_account(name: str, role: str, password: str) -> Account:
    """An account with a fresh salt; raises SettingsError for an unknown role, Refused for an unsafe name."""
    if role not in ROLES:
        raise SettingsError(f"account {name}: role {role!r} is none of {', '.join(ROLES)}")
    salt = secrets.token_bytes(_SALT_BYTES)
    return Account(parse_student_id(name), role, _encode(salt), _encode(_scrypt(password, salt)))


def verify(account: Account | None, password: str) -> bool:
    """Whether the password is the account's. Takes the same time when there is no such account."""
    known = account or _NOBODY
    digest = _scrypt(password, base64.b64decode(known.salt))
    return hmac.compare_digest(digest, base64.b64decode(known.digest)) and account is not None


def load_accounts(path: Path) -> dict[str, Account]:
    """The accounts by name; raises SettingsError when the file is no list of accounts."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {row["name"]: Account(**row) for row in rows}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SettingsError(f"{path}: no list of accounts ({error}); move it away and start the class again") from error


def write_accounts(path: Path, accounts: Iterable[Account]) -> None:
    """Replace the file in one step; readable by its owner alone."""
    write_private(path, json.dumps([asdict(account) for account in accounts], indent=1))


def load_groups(path: Path) -> dict[str, list[str]]:
    """The hub's groups of everybody in the roster, by account; empty before its first import. Raises SettingsError."""
    if not path.is_file():
        return {}
    try:
        return {str(name): [str(group) for group in groups] for name, groups in json.loads(path.read_bytes()).items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise SettingsError(f"{path}: no list of groups ({error}); import the roster again") from error


def write_groups(path: Path, groups: Mapping[StudentId, Sequence[str]]) -> None:
    """Replace the file in one step; readable by its owner alone."""
    write_private(path, json.dumps({name: list(groups[name]) for name in groups}, indent=1, sort_keys=True))


def group_of(course: str, account: Account) -> str:
    """The hub's group that gives the account its role in the course."""
    return f"{course}-{account.role}"


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=_COST, r=_BLOCK, p=_PARALLEL)


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


_NOBODY = Account("", "students", _encode(bytes(_SALT_BYTES)), _encode(bytes(64)))
