"""No layer of what students get holds what they must not see; not even one that a later layer covered."""

import json
import re
import subprocess
import sysconfig
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compose_class import STAND_INS, docker
from tests.conftest import ROOT

pytestmark = pytest.mark.needs("compose")

IMAGE = "classroom-student"
MIN_CHARACTERS = 40  # a shorter line may well stand in some library, too
REGION = re.compile(r"### BEGIN (SOLUTION|HIDDEN TESTS)\n(.*?)### END \1", re.DOTALL)
# Folders of the checkout that students get nothing of, and what secrets are called.
FORBIDDEN_NAME = re.compile(
    r"(^|/)(source|rubrics|bank|tests/course|cardpress|submitted|autograded|secrets|gradebook\.db|classroom\.db|\.git)(/|$)"
    r"|(\.key|_token|\.env|id_rsa|exercises_\d+\.ipynb|pip\.conf)$"
)
LIBRARIES = re.compile(r"site-packages/|/python3(\.\d+)?/|^(\./)?usr/(share|lib)/")


@pytest.fixture(scope="module")
def needles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lines of solutions, hidden tests, wrong answers and graders' notes, one a line, for grep."""
    found = {line.strip() for text in secret_texts() for line in text.splitlines()}
    known = (ROOT / "cardlab").rglob("*.py")
    shown = {line.strip() for path in known for line in path.read_text().splitlines()}
    path = tmp_path_factory.mktemp("scan") / "needles"
    telling = {
        line for line in found - shown if len(line) >= MIN_CHARACTERS and not line.startswith(("from ", "import "))
    }
    path.write_text("\n".join(sorted(telling)) + "\n")
    return path


def secret_texts() -> Iterator[str]:
    for notebook in sorted((ROOT / "source").rglob("*.ipynb")):
        for cell in json.loads(notebook.read_text())["cells"]:
            for region in REGION.finditer("".join(cell["source"])):
                yield region.group(2)
    for answer in sorted((ROOT / "bank").rglob("*.py")):
        yield answer.read_text()
    for rubric in sorted((ROOT / "rubrics").rglob("*.yaml")):
        yield rubric.read_text()
    for generator in sorted((ROOT / "cardpress").rglob("*.py")):
        yield generator.read_text()


def scan(image: str, needles: Path, folder: Path) -> tuple[list[str], list[str]]:
    """Needles in any layer or in the image's own description, and names of files that don't belong there."""
    saved = folder / "image.tar"
    docker("save", "--output", str(saved), image)
    lines = subprocess.run(
        ["grep", "--text", "--only-matching", "--no-filename", "--fixed-strings", f"--file={needles}", str(saved)],
        capture_output=True,
        text=True,
        errors="replace",
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert lines.returncode in (0, 1), lines.stderr
    names = [name for name in names_in(saved) if FORBIDDEN_NAME.search(name) and not LIBRARIES.search(name)]
    saved.unlink()
    return sorted(set(lines.stdout.splitlines())), names


def names_in(saved: Path) -> Iterator[str]:
    """Every path of every layer."""
    with tarfile.open(saved) as outer:
        manifest = json.load(outer.extractfile("manifest.json"))  # type: ignore[arg-type]
        for layer in manifest[0]["Layers"]:
            with tarfile.open(fileobj=outer.extractfile(layer), mode="r|*") as inner:
                yield from (member.name for member in inner)


def public(lines: list[str]) -> set[str]:
    """Those of them that stand in a library of the student's, too, where everybody can read them."""
    patterns = [argument for line in lines for argument in ("-e", line)]
    found = subprocess.run(
        ["grep", "-rhoF", "--include=*.py", *patterns, sysconfig.get_path("purelib")],
        capture_output=True,
        text=True,
        errors="replace",
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        check=False,
    )
    return set(found.stdout.splitlines()) if lines else set()


def test_students_get_no_solution_test_note_or_secret(needles: Path, tmp_path: Path) -> None:
    assert len(needles.read_text().splitlines()) > 500

    lines, names = scan(IMAGE, needles, tmp_path)

    assert set(lines) - public(lines) == set()
    assert names == []


def test_the_scan_sees_what_a_later_layer_covered(needles: Path, tmp_path: Path) -> None:
    """Control: one line and one file, put into a small image and removed again."""
    line = needles.read_text().splitlines()[100]
    (tmp_path / "service_token").write_text(f"# {line}\n")
    (tmp_path / "Dockerfile").write_text(
        f"FROM {STAND_INS}\nCOPY service_token /srv/secrets/\nRUN rm -r /srv/secrets\nENTRYPOINT []\n"
    )
    image = "classroom-scan-control"
    subprocess.run(
        ["docker", "build", "--quiet", "--network", "host", "--tag", image, str(tmp_path)],
        env={"DOCKER_BUILDKIT": "0", "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path)},
        check=True,
        capture_output=True,
    )

    lines, names = scan(image, needles, tmp_path)

    docker("rmi", image)
    assert line in lines
    assert "srv/secrets/service_token" in names


def test_what_students_get_runs_as_nobody_special_and_knows_no_registry() -> None:
    described = json.loads(docker("image", "inspect", IMAGE))[0]

    assert described["Config"]["User"] == "1000:1000"
    assert not any(word.startswith(("PIP_", "NPM_", "HTTP", "SSL")) for word in described["Config"]["Env"])
    assert described["Config"]["Healthcheck"]["Test"]
