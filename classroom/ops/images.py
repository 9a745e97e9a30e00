"""`classroom grader-image`: the image of this checkout's grader."""

from collections.abc import Callable, Sequence

from classroom.assignments import load_course
from classroom.config import load_settings
from classroom.errors import SettingsError
from classroom.grading.containers import connect
from classroom.grading.engines import contents_of
from classroom.grading.image import Image, build_image, find_image, pack_context


def make_grader_image(base_image: str, build_args: Sequence[str], *, say: Callable[[str], None]) -> Image:
    """Builds it, quickly where nothing changed; `say` gets each line of Docker's. Raises ClassroomError."""
    arguments = _parse(build_args)
    settings = load_settings()
    context = pack_context(contents_of(settings, load_course(settings.course_root)))
    client = connect()
    try:
        for line in build_image(client, context, base_image=base_image, build_args=arguments):
            say(line)
        return find_image(client, context)
    finally:
        client.close()


def _parse(words: Sequence[str]) -> dict[str, str]:
    """NAME=VALUE, one by one."""
    for word in words:
        if "=" not in word:
            raise SettingsError(f"--build-arg is {word!r}; give NAME=VALUE")
    return dict(word.split("=", 1) for word in words)
