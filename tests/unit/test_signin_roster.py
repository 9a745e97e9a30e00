"""Who is let in when others say who somebody is."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from classroom.ops.signin import RosteredGitHub

GROUPS = {"ada": ["mlcards-students", "mlcards-section-a"], "bob": []}


class User:
    """As much of the hub's as is asked for."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.synced: list[list[str]] = []

    def sync_groups(self, groups: list[str]) -> None:
        self.synced.append(groups)

    async def get_auth_state(self) -> None:
        return None


@pytest.fixture
def door(tmp_path: Path) -> RosteredGitHub:
    (tmp_path / "groups.json").write_text(json.dumps(GROUPS))
    return RosteredGitHub(
        groups=str(tmp_path / "groups.json"), course="mlcards", instructors={"grace"}, manage_groups=True
    )


@pytest.mark.parametrize(
    ("name", "may"),
    [("ada", True), ("grace", True), ("bob", False), ("mallory", False)],
    ids=["listed", "admin", "left", "unknown"],
)
def test_the_roster_and_the_admins_are_let_in(name: str, may: bool, door: RosteredGitHub) -> None:
    assert asyncio.run(door.check_allowed(name, {"name": name})) is may


@pytest.mark.parametrize(
    ("name", "groups"), [("ada", GROUPS["ada"]), ("grace", ["mlcards-instructors"])], ids=["listed", "admin"]
)
def test_the_roster_gives_the_roles(name: str, groups: list[str], door: RosteredGitHub) -> None:
    model = asyncio.run(door.run_post_auth_hook(None, {"name": name, "auth_state": None}))

    assert model["groups"] == groups


def test_who_left_loses_the_roles_and_is_asked_to_sign_in(door: RosteredGitHub) -> None:
    user = User("bob")

    refreshed: Any = asyncio.run(door.refresh_user(user))

    assert refreshed is False
    assert user.synced == [[]]


def test_a_changed_roster_counts_without_signing_in_again(door: RosteredGitHub) -> None:
    Path(door.groups).write_text(json.dumps({"ada": ["mlcards-graders"]}))

    refreshed: Any = asyncio.run(door.refresh_user(User("ada")))

    assert refreshed["groups"] == ["mlcards-graders"]
