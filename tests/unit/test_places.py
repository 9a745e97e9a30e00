"""What the controller takes from a student's process before anything is made of it."""

import json

import pytest

from judge.places import MAX_SHOWN_PARTS, parse_shown


def test_lone_surrogates_become_question_marks_and_pairs_stay() -> None:
    frame = json.dumps([["error", {"ename": "\ud800", "evalue": "\udfff and \N{GRINNING FACE}"}]]).encode()

    assert parse_shown(memoryview(frame)) == [["error", {"ename": "?", "evalue": "? and \N{GRINNING FACE}"}]]


def test_more_parts_than_a_cell_can_show_are_refused() -> None:
    with pytest.raises(ValueError, match="too much"):
        parse_shown(memoryview(b"[" + b"[]," * MAX_SHOWN_PARTS + b"[]]"))
