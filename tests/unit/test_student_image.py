"""What a student's image takes of the classroom is all that it needs: a missing file would show at a server's start."""

import ast
import re

from tests.conftest import ROOT

DOCKERFILE = (ROOT / "hub" / "images" / "student" / "Dockerfile").read_text()
TAKEN = set(re.findall(r"\bclassroom/[\w/]+\.py\b", DOCKERFILE))


def modules_of(path: str) -> set[str]:
    """Files of the classroom that this one imports."""
    names = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
        elif isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
    places = {f"{name.replace('.', '/')}.py" for name in names if name.startswith("classroom.")}
    return {place for place in places if (ROOT / place).is_file()}


def test_every_module_that_the_image_s_modules_import_is_in_it() -> None:
    missing = {f"{path} imports {needed}" for path in TAKEN for needed in modules_of(path) - TAKEN}

    assert "classroom/home.py" in TAKEN
    assert missing == set()
