"""Reading a roster, and what an import changes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.errors import Refused
from classroom.ids import CourseId, StudentId
from classroom.roster import Person, compare, groups_of, parse_roster

TABLE = """name,id,section,role
Ada Lovelace,ada,A,student
Bob Noyce,bob,B,
Gil Amelio,gil,A,Grader
"""
ADA = Person(StudentId("ada"), "Ada Lovelace", "A")
BOB = Person(StudentId("bob"), "Bob Noyce", "B")
GIL = Person(StudentId("gil"), "Gil Amelio", "A", "grader")


@pytest.mark.parametrize(
    "data",
    [
        TABLE.encode(),
        TABLE.encode("utf-8-sig"),
        TABLE.replace("\n", "\r\n").encode(),
        TABLE.replace(",", ";").encode(),
        b"Role , ID,mail,SECTION,Name\nstudent,ada,x,A,Ada  Lovelace\n,bob,,B,Bob Noyce\ngrader,gil,,A,Gil Amelio\n\n",
    ],
    ids=["plain", "byte order mark", "CRLF", "semicolons", "other order, more columns, a blank line"],
)
def test_a_table_is_read_however_it_was_saved(data: bytes) -> None:
    assert parse_roster(data) == (ADA, BOB, GIL)


def test_without_section_and_role_all_are_students() -> None:
    assert parse_roster("id,name\nzoë-1,Zoë\n".replace("zoë-1", "zoe-1").encode()) == (
        Person(StudentId("zoe-1"), "Zoë", "", "student"),
    )


def test_a_name_with_a_comma_stands_in_quotes() -> None:
    (person,) = parse_roster(b'id,name\nada,"Lovelace, Ada"\n')

    assert person.name == "Lovelace, Ada"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "line 1: the header names no name and no id"),
        (b"name,section\nAda,A\n", "line 1: the header names no id"),
        (b"name,id,id\nAda,ada,ada\n", "line 1: the header names id twice"),
        (b"name,id\n", "there is nobody in it"),
        (b"name,id\nAda,ada\nBob\n", "line 3: it has 1 fields, and the header more"),
        (b"name,id\nAda,ada\nAda,ada\n", "line 3: ada stands in line 2 already"),
        (b"name,id\n,ada\n", "line 2: the name is missing"),
        (b"name,id\nAda,../ada\n", "line 2: "),
        (b"name,id,role\nAda,ada,boss\n", "line 2: the role 'boss' is none of student, grader, instructor"),
        (b"name,id,section\nAda,ada,A B\n", "line 2: the section 'A B' may hold"),
        (b"name,id\nAda,ada\nB\xe9la,bela\n", "line 3: this isn't UTF-8"),
        (b'name,id\n"Ada,ada\n', "line 2: unexpected end of data"),
    ],
)
def test_a_fault_is_told_with_its_line(data: bytes, said: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_roster(data)

    assert said in str(refused.value)
    assert str(refused.value).startswith("nothing was imported")


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(Refused, match=r"line 2: the role .*; line 4: bob stands in line 3 already$"):
        parse_roster(b"name,id,role\nAda,ada,boss\nBob,bob,\nCem,bob,\n")


def test_thousands_of_faults_stay_readable() -> None:
    with pytest.raises(Refused, match="and 980 more") as refused:
        parse_roster(b"name,id\n" + b",x\n" * 1000)

    assert len(str(refused.value)) < 5000


def test_an_import_tells_new_changed_left_and_same() -> None:
    roster = {person.id: person for person in (ADA, BOB)}

    change = compare(roster, [replace(ADA, section="B"), GIL])

    assert (change.new, change.changed, change.left) == (
        (GIL,),
        (replace(ADA, section="B"),),
        (replace(BOB, has_left=True),),
    )
    assert change.sentence == "2 people: 1 new, 1 changed, 1 left, 0 as before"


def test_who_left_and_comes_back_is_here_again() -> None:
    change = compare({BOB.id: replace(BOB, has_left=True)}, [BOB])

    assert change.changed == (BOB,)


@given(st.lists(st.sampled_from([ADA, BOB, GIL]), unique=True), st.lists(st.sampled_from([ADA, BOB, GIL]), unique=True))
def test_the_same_import_again_changes_nothing(before: list[Person], wanted: list[Person]) -> None:
    roster = {person.id: person for person in before}

    first = compare(roster, wanted)
    again = compare(roster | {person.id: person for person in first.rows}, wanted)

    assert again.rows == ()


def test_groups_are_those_of_role_and_section_and_none_after_leaving() -> None:
    roster = {person.id: person for person in (ADA, GIL, replace(BOB, has_left=True))}

    assert groups_of(CourseId("ml"), roster) == {
        "ada": ["ml-students", "ml-section-A"],
        "gil": ["ml-graders", "ml-section-A"],
        "bob": [],
    }
