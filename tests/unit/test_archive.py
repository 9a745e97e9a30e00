"""Archives: what is packed comes back, and nothing else comes in."""

import gzip
import io
import os
import tarfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.archive import BLOCK, ByteStream, Entry, Limits, pack, pack_folder, read_members, unpack
from classroom.errors import Conflict, Refused, TooLarge
from classroom.ids import folded_path

LIMITS = Limits(total_bytes=1000, file_bytes=600, files=3)
NOTEBOOKS = Limits(1000, 600, 3, names=frozenset({PurePosixPath("a.ipynb")}), patterns=("*.py", "img/*.png"))


def entry(name: str, content: bytes = b"x") -> Entry:
    return Entry(PurePosixPath(name), len(content), lambda: io.BytesIO(content))


def read(stream: bytes, limits: Limits = LIMITS) -> dict[str, bytes]:
    return {str(member.path): member.content.read() for member in read_members(io.BytesIO(stream), limits)}


def packed(*names: str) -> bytes:
    return b"".join(pack([entry(name) for name in names]))


def in_order(*names: str) -> bytes:
    """A stream of files in the order given: whoever writes a hostile one doesn't sort."""
    return b"".join(packed(name)[: -2 * BLOCK] for name in names) + bytes(2 * BLOCK)


def foreign(
    change: Callable[[tarfile.TarInfo], None], *, content: bytes = b"x", form: int = tarfile.PAX_FORMAT
) -> bytes:
    """A tar as Python's tarfile writes it, its one member changed."""
    member = tarfile.TarInfo("a.ipynb")
    member.size = len(content)
    change(member)
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def member_of_type(kind: bytes) -> bytes:
    def change(member: tarfile.TarInfo) -> None:
        member.type, member.linkname, member.size = kind, "/etc/passwd", 0

    return foreign(change, content=b"")


def member_with_headers(**headers: str) -> bytes:
    return foreign(lambda member: member.pax_headers.update(headers))


def huge_in_gnu_form() -> bytes:
    member = tarfile.TarInfo("a.ipynb")
    member.size = 8**12
    return member.tobuf(tarfile.GNU_FORMAT)


def test_a_packed_folder_reads_back_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "img").mkdir()
    (tmp_path / "img" / "plot.png").write_bytes(b"p" * 513)
    (tmp_path / "a.ipynb").write_bytes(b"")

    got = read(b"".join(pack_folder(tmp_path)))

    assert got == {"a.ipynb": b"", "img/plot.png": b"p" * 513}


def test_packing_gives_the_same_bytes_whatever_the_order_time_and_mode(tmp_path: Path) -> None:
    for name, order in (("first", "ab"), ("second", "ba")):
        (tmp_path / name).mkdir()
        for letter in order:
            (tmp_path / name / letter).write_text(letter)
    (tmp_path / "second" / "a").chmod(0o600)
    os.utime(tmp_path / "second" / "b", (1, 1))

    first, second = (b"".join(pack_folder(tmp_path / name)) for name in ("first", "second"))

    assert first == second


def test_tarfile_reads_what_is_packed_without_owner_and_time() -> None:
    with tarfile.open(fileobj=io.BytesIO(packed("ä.py", "b" * 150))) as archive:
        found = [(one.name, one.size, one.mtime, one.uid, one.gid, one.mode) for one in archive]

    assert found == [("b" * 150, 1, 0, 0, 0, 0o644), ("ä.py", 1, 0, 0, 0, 0o644)]


def test_files_not_kept_stay_behind(tmp_path: Path) -> None:
    for name in ("a.py", "b.txt"):
        (tmp_path / name).write_text("x")

    got = read(b"".join(pack_folder(tmp_path, keep=lambda path: path.suffix == ".py")))

    assert list(got) == ["a.py"]


@pytest.mark.parametrize("kind", ["link", "folder link", "fifo"])
def test_packing_refuses_what_is_no_regular_file(tmp_path: Path, kind: str) -> None:
    (tmp_path / "target").mkdir()
    folder = tmp_path / "folder"
    folder.mkdir()
    if kind == "fifo":
        os.mkfifo(folder / "odd")
    else:
        (folder / "odd").symlink_to("/etc/passwd" if kind == "link" else tmp_path / "target")

    with pytest.raises(Refused, match="odd"):
        list(pack_folder(folder))


def test_a_file_that_shrinks_while_it_is_packed_is_no_silent_loss() -> None:
    with pytest.raises(Conflict, match="shorter"):
        list(pack([Entry(PurePosixPath("a.py"), 5, lambda: io.BytesIO(b"four"))]))


@pytest.mark.parametrize(
    ("stream", "names"),
    [
        (foreign(lambda member: setattr(member, "mtime", 1.5)), ["a.ipynb"]),
        (foreign(lambda member: setattr(member, "name", "ü.py")), ["ü.py"]),
        (foreign(lambda member: setattr(member, "name", "d/" + "n" * 150)), ["d/" + "n" * 150]),
        (foreign(lambda member: setattr(member, "name", "d" * 90 + "/" + "n" * 90), form=tarfile.USTAR_FORMAT),
         ["d" * 90 + "/" + "n" * 90]),
        (foreign(lambda member: None, form=tarfile.GNU_FORMAT), ["a.ipynb"]),
    ],
    ids=["pax time", "pax name", "pax long name", "ustar prefix", "gnu"],
)  # fmt: skip
def test_common_tar_writers_are_understood(stream: bytes, names: list[str]) -> None:
    assert list(read(stream)) == names


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        (member_of_type(tarfile.SYMTYPE), "symbolic link"),
        (member_of_type(tarfile.LNKTYPE), "hard link"),
        (member_of_type(tarfile.CHRTYPE), "device"),
        (member_of_type(tarfile.BLKTYPE), "device"),
        (member_of_type(tarfile.FIFOTYPE), "FIFO"),
        (member_of_type(tarfile.DIRTYPE), "folder entry"),
        (member_of_type(tarfile.CONTTYPE), "unknown type"),
        (member_of_type(tarfile.GNUTYPE_SPARSE), "sparse"),
        (member_with_headers(size="10"), "'size'"),
        (member_with_headers(**{"GNU.sparse.realsize": "10"}), "'GNU.sparse.realsize'"),
        (member_with_headers(linkpath="/etc/passwd"), "'linkpath'"),
        (member_with_headers(path="../a.py"), "inside the assignment"),
        (member_with_headers(comment="x" * 5000), "extended header has"),
        (foreign(lambda member: setattr(member, "name", "n" * 150), form=tarfile.GNU_FORMAT), "long name"),
        (huge_in_gnu_form(), "octal"),
    ],
)
def test_a_member_that_is_no_plain_file_is_refused(stream: bytes, said: str) -> None:
    with pytest.raises(Refused, match=said):
        read(stream)


@pytest.mark.parametrize(
    "name",
    ["../a.py", "/etc/passwd", "a/../../b", "./a.py", "a//b", "a\nb.py", "a\tb", "a\\b", "a\u202eb", " a", "a/"],
)
def test_an_unsafe_name_is_refused(name: str) -> None:
    with pytest.raises(Refused):
        read(foreign(lambda member: setattr(member, "name", name)))


def test_a_name_with_a_zero_byte_in_its_extended_header_is_refused() -> None:
    with pytest.raises(Refused, match="zero byte"):
        read(member_with_headers(path="a.py\0../../b"))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["a.py", "a.py"], "twice"),
        (["a.py", "A.PY"], "case or Unicode"),
        (["\u00e9.py", "e\u0301.py"], "case or Unicode"),
        (["a", "a/b"], "both a file and a folder"),
        (["b/a/c", "B/A"], "both a file and a folder"),
        (["a/b", "a"], "both a file and a folder"),
    ],
)
def test_names_that_collide_on_some_disk_are_refused(names: list[str], said: str) -> None:
    with pytest.raises(Refused, match=said):
        read(in_order(*names))


def test_a_file_over_the_limit_is_refused_by_its_header() -> None:
    stream = b"".join(pack([entry("big.bin", bytes(601))]))[:512]  # not one byte of content follows

    with pytest.raises(TooLarge, match=r"big\.bin"):
        read(stream)


def test_a_total_over_the_limit_names_the_file_that_passed_it() -> None:
    with pytest.raises(TooLarge, match="with b the upload"):
        read(b"".join(pack([entry("a", bytes(600)), entry("b", bytes(600))])))


def test_one_file_too_many_is_refused() -> None:
    with pytest.raises(TooLarge, match="3 are allowed"):
        read(packed("a", "b", "c", "d"))


@pytest.mark.parametrize("name", ["a.ipynb", "b.py", "src/b.py", "img/x.png"])
def test_expected_names_are_taken(name: str) -> None:
    assert list(read(packed(name), NOTEBOOKS)) == [name]


@pytest.mark.parametrize("name", ["b.ipynb", "src/a.ipynb", "x.png", ".ipython/startup.py", "src/.x.py", "a.PY"])
def test_other_names_are_refused_with_what_is_allowed(name: str) -> None:
    with pytest.raises(Refused, match=r"isn't expected here; allowed are a.ipynb, \*.py"):
        read(packed(name), NOTEBOOKS)


@pytest.mark.parametrize(
    "magic",
    [gzip.compress(packed("a")), b"BZh91AY", b"\xfd7zXZ\0", b"PK\x03\x04\0\0", b"\x28\xb5\x2f\xfd\0\0"],
    ids=["gzip", "bzip2", "xz", "zip", "zstd"],
)
def test_a_compressed_stream_is_refused_by_name(magic: bytes) -> None:
    with pytest.raises(Refused, match="is compressed with"):
        read(magic)


@pytest.mark.parametrize("size", [0, 1, 100, 512, 513, 1024, 1024 + 512])
def test_a_stream_cut_off_anywhere_is_refused(size: int) -> None:
    stream = packed("a")
    assert len(stream) == 4 * 512

    with pytest.raises(Refused, match="ended before its end mark"):
        read(stream[:size])


@pytest.mark.parametrize("stream", [b"x" * 2048, b"{}" * 400, packed("a")[:512].replace(b"a", b"b", 1) + bytes(2048)])
def test_something_else_is_no_tar(stream: bytes) -> None:
    with pytest.raises(Refused):
        read(stream)


def test_unread_content_is_passed_over() -> None:
    stream = io.BytesIO(b"".join(pack([entry("a", bytes(600)), entry("b", b"yes")])))

    last = [member.content.read() for member in read_members(stream, LIMITS) if str(member.path) == "b"]

    assert last == [b"yes"]


def test_a_member_can_not_be_read_past_its_end() -> None:
    stream = io.BytesIO(packed("a", "b"))

    sizes = [len(member.content.read(10_000)) for member in read_members(stream, LIMITS)]

    assert sizes == [1, 1]


def test_unpack_writes_the_whole_folder(tmp_path: Path) -> None:
    unpack(io.BytesIO(packed("a", "d/b")), tmp_path / "out", LIMITS)

    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")) == [
        "out", "out/a", "out/d", "out/d/b",
    ]  # fmt: skip


def test_unpack_leaves_nothing_when_the_stream_breaks_off(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        unpack(io.BytesIO(packed("a", "b")[:-512]), tmp_path / "out", LIMITS)

    assert list(tmp_path.iterdir()) == []


def test_unpack_never_touches_a_folder_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()

    with pytest.raises(Conflict):
        unpack(io.BytesIO(packed("a")), tmp_path / "out", LIMITS)

    assert list((tmp_path / "out").iterdir()) == []


SEGMENTS = st.text("abcäß .-_", min_size=1, max_size=30).filter(lambda name: name == name.strip(" .") != "")
FILES = st.dictionaries(SEGMENTS, st.binary(max_size=1500), max_size=5).filter(
    lambda files: len({folded_path(PurePosixPath(name)) for name in files}) == len(files)
)


@given(FILES)
def test_any_files_survive_the_journey_in_any_chunks(files: dict[str, bytes]) -> None:
    chunks = pack([entry(name, content) for name, content in files.items()])

    got = {str(one.path): one.content.read(-1) for one in read_members(ByteStream(chunks), Limits(10_000, 1500, 5))}

    assert got == files


@given(st.binary(max_size=30), st.integers(min_value=0, max_value=2000))
def test_damaged_streams_are_read_or_refused_and_never_crash(noise: bytes, position: int) -> None:
    stream = bytearray(member_with_headers(path="ü/a.py", mtime="1.5"))
    stream[position : position + len(noise)] = noise

    with suppress(Refused, TooLarge):
        assert len(read(bytes(stream))) <= LIMITS.files
