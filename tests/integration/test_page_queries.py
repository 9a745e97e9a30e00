"""The number of queries of a page grows neither with the class nor with its assignments."""

import asyncio
from pathlib import Path

import pytest

from bench.crowd import make_crowd
from bench.pages import Visitor, counted, open_visitor

FEW, MANY = 5, 25


def count_all(folder: Path, students: int, assignments: int) -> dict[str, int]:
    """SQL statements of each page, by its route, and of what a grader's action reads: late work writes a row more."""

    async def count(visitor: Visitor) -> dict[str, int]:
        pages, _ = await visitor.find_pages()
        counts = {asked.route: await visitor.count(asked) for asked in pages}
        action = await visitor.find_action()
        with counted() as statements:
            answer = await visitor.ask(action)
        assert answer.status_code == 303
        return counts | {"a grader's action": sum(one.lstrip().startswith("SELECT") for one in statements)}

    with open_visitor(make_crowd(folder, students=students, assignments=assignments)) as visitor:
        return asyncio.run(count(visitor))


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """The counts of a small class with two assignments."""
    return count_all(tmp_path_factory.mktemp("few"), FEW, 2)


def test_every_page_takes_as_many_queries_for_many_students_as_for_few(few: dict[str, int], tmp_path: Path) -> None:
    assert count_all(tmp_path, MANY, 2) == few
    assert len(few) >= 20


def test_every_page_takes_as_many_queries_for_four_assignments_as_for_two(few: dict[str, int], tmp_path: Path) -> None:
    assert count_all(tmp_path, FEW, 4) == few
