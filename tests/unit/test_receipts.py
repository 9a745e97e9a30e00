"""Receipts: only the key signs them, and a changed one is worth nothing."""

import json
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from classroom.errors import SettingsError
from classroom.exchange.receipts import KEY_FILE, Receipt, ReceiptKey, is_genuine

RECEIPT = Receipt("mlcards", "01_data", "student1", 2, "a" * 64, "2026-12-11T22:59:00+00:00", 1234, 3)


@pytest.fixture
def key() -> ReceiptKey:
    return ReceiptKey(Ed25519PrivateKey.generate())


def test_a_signed_receipt_is_genuine_also_after_a_journey_as_json(key: ReceiptKey) -> None:
    receipt = json.loads(json.dumps(key.sign(RECEIPT).as_json()))

    assert is_genuine(receipt, key.public_pem)
    assert receipt["key"] == key.name


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("course", "other"), ("assignment", "02"), ("student", "student2"), ("attempt", 3), ("sha256", "b" * 64),
        ("time", "2026-12-11T22:58:00+00:00"), ("size_bytes", 1), ("files", 4), ("key", "0" * 16), ("added", 1),
        ("signature", ""), ("signature", "not base64!"), ("signature", "QUJD"),
    ],
)  # fmt: skip
def test_a_changed_receipt_is_not(key: ReceiptKey, field: str, value: object) -> None:
    assert not is_genuine(key.sign(RECEIPT).as_json() | {field: value}, key.public_pem)


def test_another_key_s_receipt_is_not_genuine(key: ReceiptKey) -> None:
    other = ReceiptKey(Ed25519PrivateKey.generate())

    assert not is_genuine(other.sign(RECEIPT).as_json(), key.public_pem)


def test_an_unsigned_receipt_is_not_genuine(key: ReceiptKey) -> None:
    assert not is_genuine(RECEIPT.as_json(), key.public_pem)


def test_the_signature_is_plain_ed25519_over_sorted_json(key: ReceiptKey) -> None:
    """Checked without our code, as a student's own tool would: raises if wrong."""
    import base64

    receipt = key.sign(RECEIPT).as_json()
    signature = base64.b64decode(receipt.pop("signature"))
    text = json.dumps(receipt, sort_keys=True, separators=(",", ":"))

    public = load_pem_public_key(key.public_pem)

    assert public.verify(signature, text.encode()) is None  # type: ignore[union-attr,call-arg]  # an Ed25519 key


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first, second = (ReceiptKey.load(tmp_path / "secrets") for _ in range(2))

    assert first.public_pem == second.public_pem
    assert stat.S_IMODE((tmp_path / "secrets" / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == [KEY_FILE]


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    ReceiptKey.load(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o644)

    with pytest.raises(SettingsError, match="chmod 600"):
        ReceiptKey.load(tmp_path)
