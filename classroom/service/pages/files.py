"""Files to take away: always as attachments, never shown by the browser in our origin."""

import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi.responses import JSONResponse, Response, StreamingResponse

from classroom.archive import CHUNK, Entry

_IN_MEMORY_BYTES = 4 << 20


def attached_json(value: Mapping[str, Any], name: str) -> Response:
    """A JSON file."""
    return JSONResponse(value, headers=_attachment(name))


def attached_zip(entries: Sequence[Entry], name: str) -> Response:
    """A zip file of these entries."""
    return StreamingResponse(_zipped(entries), media_type="application/zip", headers=_attachment(name))


def _zipped(entries: Sequence[Entry]) -> Iterator[bytes]:
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as spool:
        with zipfile.ZipFile(spool, "w", zipfile.ZIP_DEFLATED) as archive:
            for entry in entries:
                _write(archive, entry)
        spool.seek(0)
        while chunk := spool.read(CHUNK):
            yield chunk


def _write(archive: zipfile.ZipFile, entry: Entry) -> None:
    source = entry.open()
    try:
        with archive.open(zipfile.ZipInfo(str(entry.path)), "w") as member:
            while chunk := source.read(CHUNK):
                member.write(chunk)
    finally:
        if close := getattr(source, "close", None):
            close()


def _attachment(name: str) -> dict[str, str]:
    """Names are ids of ours and numbers: plain ASCII without quotes."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}
