import hashlib
import re

import pytest

from classroom.service import STATIC

VENDOR = STATIC / "vendor"
LISTED = dict(re.findall(r"^\| (\S+\.js) \|.* ([0-9a-f]{64}) \|$", (VENDOR / "VENDORED.md").read_text(), re.MULTILINE))


def test_every_vendored_script_is_listed_with_its_licence() -> None:
    scripts = {path.name for path in VENDOR.glob("*.js")}

    assert scripts == set(LISTED)
    assert {path.name for path in VENDOR.glob("*.LICENSE")} == {f"{name.partition('.')[0]}.LICENSE" for name in scripts}


@pytest.mark.parametrize("name", sorted(LISTED))
def test_a_vendored_script_is_as_it_was_published(name: str) -> None:
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == LISTED[name]


def test_own_stylesheet_and_script_keep_their_budget() -> None:
    assert (STATIC / "ui.css").stat().st_size < 30_000
    assert (STATIC / "ui.js").stat().st_size < 12_000
