"""The image that containers grade in: what goes into it, its name, and making it.

The name is the digest of what went in. So an image that is there is this checkout's, and two checkouts don't meet.
"""

import hashlib
import io
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import docker

import judge
from classroom.errors import CourseError, GraderError

REPOSITORY = "classroom-grader"
CONTEXT_LABEL = "classroom.grader.context"
AUTHORS, SHARED = "/opt/authors", "/opt/shared"  # in the image
PROJECT = Path(judge.__file__).resolve().parent.parent
_LEFT_OUT = {"__pycache__", ".made", ".ipynb_checkpoints"}


@dataclass(frozen=True)
class Contents:
    """Folders that go into the image, each under its own name.

    packages: what any cell may import. authors: what only tests may. shared: data that stands beside a notebook.
    """

    packages: Sequence[Path]
    authors: Sequence[Path] = ()
    shared: Sequence[Path] = ()


@dataclass(frozen=True)
class Image:
    """An image that is there. digest: of its content, as Docker has it."""

    name: str
    digest: str


def pack_context(contents: Contents) -> bytes:
    """The build's context as a tar archive: these files and no others, the same bytes every time.

    Raises CourseError when the project's own Dockerfile isn't beside the judge, as in an installed package.
    """
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, path in sorted(_files(contents)):
            data = path.read_bytes()
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o644
            archive.addfile(entry, io.BytesIO(data))
        for name in ("packages", "authors", "shared"):  # COPY wants each of them, however empty
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(folder)
    return packed.getvalue()


def name_of(context: bytes) -> str:
    return f"{REPOSITORY}:{hashlib.sha256(context).hexdigest()[:16]}"


def find_image(client: docker.DockerClient, context: bytes) -> Image:
    """The image that was made of this context; raises GraderError where there is none."""
    try:
        found = client.images.get(name_of(context))
    except docker.errors.ImageNotFound as error:
        raise GraderError(
            "there is no image to grade in, or this checkout has changed since it was made; run: classroom grader-image"
        ) from error
    return Image(name_of(context), str(found.id))


def build_image(
    client: docker.DockerClient, context: bytes, *, base_image: str = "", build_args: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Makes the image, step by step: what Docker says, line by line. Raises GraderError when a step fails."""
    steps = client.api.build(
        fileobj=io.BytesIO(context),
        custom_context=True,
        tag=name_of(context),
        buildargs={**(build_args or {}), **({"BASE_IMAGE": base_image} if base_image else {})},
        labels={CONTEXT_LABEL: hashlib.sha256(context).hexdigest()},
        network_mode="host",  # works where the engine may write no firewall rules, too
        rm=True,
        forcerm=True,
        decode=True,
    )
    for step in steps:
        if "error" in step:
            raise GraderError(f"the grader's image can't be built: {step['error'].strip()}")
        if line := str(step.get("stream", "")).strip():
            yield line


def _files(contents: Contents) -> Iterator[tuple[str, Path]]:
    project = {
        "Dockerfile": PROJECT / "hub" / "images" / "grader" / "Dockerfile",
        "requirements.txt": PROJECT / "requirements" / "grader.txt",
    }
    for name, path in project.items():
        if not path.is_file():
            raise CourseError(f"there is no {path}; the grader's image is made in a checkout")
        yield name, path
    for place, folders in (
        ("packages", contents.packages),
        ("authors", contents.authors),
        ("shared", contents.shared),
    ):
        for folder in folders:
            for path in folder.rglob("*"):
                inside = path.relative_to(folder)
                if path.is_file() and not _LEFT_OUT & {*inside.parts}:
                    yield f"{place}/{folder.name}/{inside.as_posix()}", path
