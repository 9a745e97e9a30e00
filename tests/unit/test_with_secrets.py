"""The door in front of every process of the hub's image: no start with a missing or an example's secret."""

import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

DOOR = ROOT / "hub" / "images" / "hub" / "with-secrets"


def start(tmp_path: Path, content: str | None) -> "subprocess.CompletedProcess[str]":
    file = tmp_path / "token"
    if content is not None:
        file.write_text(content)
    return subprocess.run(
        [str(DOOR), "sh", "-c", 'echo "$TOKEN ${TOKEN_FILE:-unset}"'],
        env={"PATH": "/usr/bin:/bin", "TOKEN_FILE": str(file)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_secret_becomes_a_variable_and_its_file_is_forgotten(tmp_path: Path) -> None:
    done = start(tmp_path, "0123456789abcdef" * 4)

    assert done.stdout == "0123456789abcdef" * 4 + " unset\n"


@pytest.mark.parametrize(
    "content",
    [None, "", "short", "please-change-me-please-change-me", "an-example-of-a-long-password"],
    ids=["missing", "empty", "short", "placeholder", "example"],
)
def test_without_a_real_secret_nothing_starts(content: str | None, tmp_path: Path) -> None:
    done = start(tmp_path, content)

    assert done.returncode == 78
    assert done.stdout == ""
    assert "make secrets" in done.stderr
    assert not content or content not in done.stderr
