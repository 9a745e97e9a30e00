"""The number of queries of a page doesn't grow with the class."""

import asyncio
from pathlib import Path

from bench.crowd import make_crowd
from bench.pages import Visitor, open_visitor

FEW, MANY = 5, 25


def count_all(folder: Path, students: int) -> dict[str, int]:
    """SQL statements of each page, by its route."""

    async def count(visitor: Visitor) -> dict[str, int]:
        pages, _ = await visitor.find_pages()
        return {asked.route: await visitor.count(asked) for asked in pages}

    with open_visitor(make_crowd(folder, students=students, assignments=2)) as visitor:
        return asyncio.run(count(visitor))


def test_every_page_takes_as_many_queries_for_many_students_as_for_few(tmp_path: Path) -> None:
    few, many = (count_all(tmp_path / str(students), students) for students in (FEW, MANY))

    assert few == many
    assert len(few) >= 20
