"""Accounts: who may sign in, and what the file keeps of a password."""

import base64
import json
import stat
from pathlib import Path

import pytest

from classroom.errors import Refused, SettingsError
from classroom.ops.accounts import (
    DEMO_ROSTER,
    ROLES,
    Account,
    group_of,
    load_accounts,
    make_account,
    verify,
    write_accounts,
)
from classroom.ops.prepare import make_password


def test_right_password_is_recognised_and_a_wrong_one_is_not() -> None:
    account = make_account("ada", "students", "correct horse")

    assert verify(account, "correct horse")
    assert not verify(account, "correct horse ")
    assert not verify(account, "")


def test_nobody_gets_in_with_any_password() -> None:
    assert not verify(None, "")
    assert not verify(None, "correct horse")


def test_hash_agrees_with_the_published_vector() -> None:
    """RFC 7914, section 12: scrypt of "pleaseletmein" with salt "SodiumChloride", N=16384, r=8, p=1."""
    import hashlib

    from classroom.ops import accounts

    digest = hashlib.scrypt(b"pleaseletmein", salt=b"SodiumChloride", n=accounts._COST, r=accounts._BLOCK, p=1)

    assert digest.hex().startswith("7023bdcb3afd7348461c06cd81fd38eb")


def test_same_password_twice_gives_two_hashes_and_is_not_in_the_file(tmp_path: Path) -> None:
    accounts = [make_account(name, "students", "correct horse") for name in ("ada", "bob")]

    write_accounts(tmp_path / "accounts.json", accounts)

    text = (tmp_path / "accounts.json").read_text()
    assert accounts[0].digest != accounts[1].digest
    assert "correct horse" not in text
    assert base64.b64encode(b"correct horse").decode() not in text


def test_file_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    write_accounts(tmp_path / "accounts.json", [make_account("ada", "students", "x")])

    assert stat.S_IMODE((tmp_path / "accounts.json").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["accounts.json"]


def test_accounts_come_back_as_written(tmp_path: Path) -> None:
    written = [Account(name, role, "c2FsdA==", "aGFzaA==") for name, role in DEMO_ROSTER.items()]

    write_accounts(tmp_path / "accounts.json", written)

    assert list(load_accounts(tmp_path / "accounts.json").values()) == written


@pytest.mark.parametrize("text", ["", "{", '{"ada": 1}', '[{"name": "ada"}]', json.dumps([{"nom": "ada"}])])
def test_broken_file_says_which_and_what_to_do(tmp_path: Path, text: str) -> None:
    (tmp_path / "accounts.json").write_text(text)

    with pytest.raises(SettingsError, match=r"accounts\.json.*move it away"):
        load_accounts(tmp_path / "accounts.json")


@pytest.mark.parametrize("role", ROLES)
def test_group_names_course_and_role(role: str) -> None:
    assert group_of("ml", Account("ada", role, "", "")) == f"ml-{role}"


def test_unknown_role_and_unsafe_name_are_refused() -> None:
    with pytest.raises(SettingsError, match="admins"):
        make_account("ada", "admins", "x")
    with pytest.raises(Refused):
        make_account("../ada", "students", "x")


def test_passwords_are_typable_and_differ() -> None:
    passwords = {make_password() for _ in range(50)}

    assert len(passwords) == 50
    assert all(len(password) == 14 and password.isascii() and password.islower() for password in passwords)
