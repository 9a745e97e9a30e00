"""A swarm of two machines: a student's server is placed on the second, answers through the proxy, and goes again.

`make acceptance-swarm` is the long form, in which a machine of three is lost.
"""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.swarm.nodes import Node, swarm_of, wait_until
from tests.swarm.swarm_class import (
    PROJECT,
    Student,
    SwarmClass,
    copy_base,
    make_student_image,
    place_of,
    try_what_is_forbidden,
)

pytestmark = pytest.mark.needs("swarm")


@pytest.fixture(scope="module")
def machines() -> Iterator[tuple[Path, Node, Node]]:
    """A folder, a manager with the class's own image, and a worker; the student's image is on both."""
    # Not pytest's own folder: a socket's path may have 107 bytes.
    with (
        tempfile.TemporaryDirectory(prefix="swarm-", ignore_cleanup_errors=True) as folder,
        swarm_of(Path(folder), 2) as (manager, worker),
    ):
        copy_base(manager)
        make_student_image(manager, [worker])
        yield Path(folder), manager, worker


@pytest.fixture(scope="module")
def room(machines: tuple[Path, Node, Node]) -> Iterator[SwarmClass]:
    """Hub, proxy, service and the filter before Docker's socket, on the manager."""
    folder, manager, _ = machines
    here = SwarmClass(folder, manager)
    here.prepare()
    with here.filter():
        here.start()
        yield here


@pytest.fixture
def ada(room: SwarmClass) -> Iterator[Student]:
    with closing(Student(room, "ada")) as browser:
        yield browser


def test_a_server_runs_on_the_second_machine_answers_through_the_proxy_and_goes(
    machines: tuple[Path, Node, Node], room: SwarmClass, ada: Student
) -> None:
    _, manager, worker = machines

    ada.sign_in_and_spawn()
    ada.wait_until_it_answers()

    assert place_of("ada", manager, worker) is worker
    ada.write("kept.txt", b"a thought")
    assert ada.read("kept.txt") == b"a thought"

    ada.stop()

    name = f"name={PROJECT}-student-ada"
    for kind in ("service", "network"):
        wait_until(lambda kind=kind: not manager.docker(kind, "ls", "-q", "--filter", name), room.logs)
    wait_until(lambda: place_of("ada", manager, worker) is None, room.logs)


def test_the_filter_lets_the_hub_make_services_of_students_alone(room: SwarmClass) -> None:
    try_what_is_forbidden(room)
