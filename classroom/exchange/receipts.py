"""Receipts: signed statements that the classroom has a submission, whole, since a certain second.

The signature is Ed25519 (RFC 8032) over the canonical JSON of the facts: keys sorted, no spaces, ASCII. Whoever has
the public key can check one without the classroom.
"""

import base64
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from classroom.errors import SettingsError

KEY_FILE = "receipts.pem"


@dataclass(frozen=True)
class Receipt:
    """What is certified. sha256: of the submission's file list in the store; time: ISO 8601, UTC, by the server;
    size_bytes: of the files together; files: how many. key: which key signed; signature: base64."""

    course: str
    assignment: str
    student: str
    attempt: int
    sha256: str
    time: str
    size_bytes: int
    files: int
    key: str = ""
    signature: str = ""

    def as_json(self) -> dict[str, Any]:
        """The receipt as it is stored and handed out."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The receipt that as_json wrote; raises TypeError for other keys."""
        return cls(**values)


class ReceiptKey:
    """The key that signs receipts, and its public half."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public_pem = private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.name = hashlib.sha256(self.public_pem).hexdigest()[:16]

    @classmethod
    def load(cls, secrets: Path) -> Self:
        """The key in the secrets folder, made on first use; of several processes that make one, the first wins.

        Raises SettingsError when others than the owner may read it, or when it's no Ed25519 key.
        """
        path = secrets / KEY_FILE
        if not path.exists():
            _create(path)
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise SettingsError(f"{path} may be read by others; run: chmod 600 {path}")
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise SettingsError(f"{path} holds no Ed25519 key; restore it from the backup")
        return cls(key)

    def sign(self, receipt: Receipt) -> Receipt:
        """The same receipt with this key's name and signature."""
        facts = receipt.as_json() | {"key": self.name}
        signature = base64.b64encode(self._private.sign(_canonical(facts))).decode()
        return Receipt.from_json(facts | {"signature": signature})


def is_genuine(receipt: Mapping[str, Any], public_pem: bytes) -> bool:
    """Whether the receipt was signed by the owner of that public key and not changed since."""
    key = serialization.load_pem_public_key(public_pem)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("receipts are signed by Ed25519 keys, this is another")
    try:
        key.verify(base64.b64decode(str(receipt.get("signature", "")), validate=True), _canonical(receipt))
    except (InvalidSignature, ValueError):
        return False
    return True


def _canonical(facts: Mapping[str, Any]) -> bytes:
    signed = {key: value for key, value in facts.items() if key != "signature"}
    return json.dumps(signed, sort_keys=True, separators=(",", ":")).encode()


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)  # mode 600
    try:
        with open(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)  # unlike a rename it never replaces a key that another process made
    except FileExistsError:
        return
    finally:
        Path(temporary).unlink()
