"""Where control groups may be made, read from what the kernel says of a process; what is written into one."""

import subprocess
import sys
from pathlib import Path

import pytest

from judge.sandbox import owners
from judge.sandbox.groups import Counters, Group, Place, find_places, sweep

V1 = """\
35 24 0:30 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
36 24 0:31 / /sys/fs/cgroup/pids rw,relatime shared:10 - cgroup cgroup rw,pids
37 24 0:32 / /sys/fs/cgroup/unified rw,relatime shared:11 - cgroup2 cgroup2 rw
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
"""
V1_IN_CONTAINER = """\
835 824 0:30 /docker/ab12 /sys/fs/cgroup/memory ro,nosuid - cgroup cgroup rw,memory
836 824 0:31 /docker/ab12 /sys/fs/cgroup/pids ro,nosuid - cgroup cgroup rw,pids
"""
V2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n"


def places(own: str, mounts: str) -> list[tuple[int, str, str]]:
    return [(place.version, str(place.memory), str(place.pids)) for place in find_places(own, mounts)]


def test_version_1_has_a_place_for_each_controller_below_the_own_group() -> None:
    found = places("8:pids:/\n4:memory:/shell/3a\n1:cpu:/\n0::/\n", V1)

    assert found[0] == (1, "/sys/fs/cgroup/memory/shell/3a", "/sys/fs/cgroup/pids")


def test_version_1_in_a_container_starts_at_what_is_mounted() -> None:
    own = "8:pids:/docker/ab12\n4:memory:/docker/ab12\n"

    assert places(own, V1_IN_CONTAINER) == [(1, "/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids")]


def test_version_2_tries_the_own_group_and_then_each_above() -> None:
    """A group with members can't have capped groups below it, so its parents come into question."""
    base = "/sys/fs/cgroup"
    wanted = [f"{base}/user.slice/session-1.scope", f"{base}/user.slice", base]

    assert places("0::/user.slice/session-1.scope\n", V2) == [(2, folder, folder) for folder in wanted]


def test_version_2_in_a_namespace_that_hides_what_is_above() -> None:
    assert places("0::/../../user.slice\n", V2)[-1] == (2, "/sys/fs/cgroup", "/sys/fs/cgroup")


@pytest.mark.parametrize("own", ["", "0::/\n", "4:memory:/\n"])
def test_a_machine_without_both_controllers_has_no_place(own: str) -> None:
    assert places(own, V1.replace("cgroup2", "tmpfs")) == []


def test_a_group_of_version_2_is_capped_with_its_swap(tmp_path: Path) -> None:
    group = Group(Place(2, tmp_path, tmp_path), "g")
    (tmp_path / "g").mkdir()
    for name in ("memory.swap.max", "memory.oom.group"):
        (tmp_path / "g" / name).touch()

    group.limit(5 << 20, 40)

    written = {path.name: path.read_text() for path in (tmp_path / "g").iterdir()}
    assert written == {
        "memory.max": str(5 << 20), "memory.swap.max": "0", "memory.oom.group": "1", "pids.max": "40",
    }  # fmt: skip
    assert group.entries == (tmp_path / "g" / "cgroup.procs",)


def test_a_group_of_version_1_is_capped_in_two_trees(tmp_path: Path) -> None:
    group = Group(Place(1, tmp_path / "memory", tmp_path / "pids"), "g")
    for folder in group.folders:
        folder.mkdir(parents=True)
    (group.folders[0] / "memory.memsw.limit_in_bytes").touch()

    group.limit(5 << 20, 40)

    assert (group.folders[0] / "memory.limit_in_bytes").read_text() == str(5 << 20)
    assert (group.folders[0] / "memory.memsw.limit_in_bytes").read_text() == str(5 << 20)
    assert (group.folders[1] / "pids.max").read_text() == "40"
    assert len(group.entries) == 2


@pytest.mark.parametrize("version", [1, 2])
def test_what_the_kernel_stopped_is_read_from_its_counters(tmp_path: Path, version: int) -> None:
    group = Group(Place(version, tmp_path / "memory", tmp_path / "pids"), "g")
    for folder in group.folders:
        folder.mkdir(parents=True)
    name = "memory.events" if version == 2 else "memory.oom_control"
    (group.folders[0] / name).write_text("low 0\noom 9\noom_kill 3\n")
    (group.folders[1] / "pids.events").write_text("max 7\n")

    assert group.counters() == Counters(kills=3, refusals=7)


def test_a_name_tells_a_dead_owner_from_a_living_one() -> None:
    script = "import os; from judge.sandbox.owners import new_name; print(new_name(), os.getpid())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    name, pid = done.stdout.split()

    assert owners.dead_owner(name) == int(pid)
    assert owners.dead_owner(owners.new_name()) is None
    assert owners.dead_owner("judge-7x") is None


def test_a_pid_of_another_namespace_says_nothing_of_its_owner() -> None:
    assert owners.dead_owner("judge-1-999999999-5-aa") is None


def test_only_groups_of_the_dead_are_swept(tmp_path: Path) -> None:
    namespace = owners.new_name().split("-")[1]
    dead, living = f"judge-{namespace}-999999999-5-aa", owners.new_name()
    for name in (dead, living, "judge-notes"):
        (tmp_path / name).mkdir()

    sweep([Place(2, tmp_path, tmp_path)])

    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([living, "judge-notes"])
