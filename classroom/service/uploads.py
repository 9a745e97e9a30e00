"""Bodies of requests, received to disk under a limit."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import IO

import anyio
from fastapi import Request
from starlette.concurrency import run_in_threadpool

from classroom.archive import Limits
from classroom.errors import Refused, TooLarge
from classroom.service.deps import Context

_BATCH_BYTES = 1024 * 1024
# A client that sends nothing for so long has gone, or wants to keep us waiting.
_STALL_S = 60.0
_TAR_BYTES_A_FILE = 8 * 1024  # headers and padding
_TAR_BYTES = 64 * 1024  # end marks


@asynccontextmanager
async def receive_upload(request: Request, context: Context, limits: Limits) -> AsyncIterator[IO[bytes]]:
    """The body, complete, as a file without a name: a killed process leaves nothing of it.

    It goes to disk in pieces of a megabyte, so that neither memory nor a thread is held while a slow line sends.
    Raises TooLarge as soon as the announced or the counted length passes what a tar stream within the limits can
    have, without reading on; Refused when the body breaks off.
    """
    wire_bytes = limits.total_bytes + limits.files * _TAR_BYTES_A_FILE + _TAR_BYTES
    _check_announced(request, limits, wire_bytes)
    context.settings.store.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=context.settings.store) as file:
        await _receive(request, file, limits, wire_bytes)
        file.seek(0)
        yield file


def _check_announced(request: Request, limits: Limits, wire_bytes: int) -> None:
    announced = request.headers.get("Content-Length", "0")
    if not announced.isdigit() or int(announced) > wire_bytes:
        raise _too_large(limits)


async def _receive(request: Request, file: IO[bytes], limits: Limits, wire_bytes: int) -> None:
    size, batch = 0, bytearray()
    chunks = request.stream()
    while (chunk := await _next(chunks)) is not None:
        size += len(chunk)
        if size > wire_bytes:
            raise _too_large(limits)
        batch += chunk
        if len(batch) >= _BATCH_BYTES:
            await run_in_threadpool(file.write, batch)
            batch = bytearray()
    await run_in_threadpool(file.write, batch)


async def _next(chunks: AsyncIterator[bytes]) -> bytes | None:
    try:
        with anyio.fail_after(_STALL_S):
            return await anext(chunks, None)
    except TimeoutError:
        raise Refused(f"nothing came for {_STALL_S:.0f} seconds, so the upload was given up; send it again") from None


def _too_large(limits: Limits) -> TooLarge:
    return TooLarge(
        f"the upload is larger than the {limits.total_bytes / 1024 / 1024:.3g} MB allowed; "
        "remove large files and send it again; nothing was stored"
    )
