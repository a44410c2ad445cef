"""A file of any size as an answer: in steps, never whole in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import BinaryIO

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

_STEP = 2**18


def file_answer(
    request: HttpRequest, path: Path, name: str, kind: str = "application/octet-stream"
) -> StreamingHttpResponse:
    """The file, which the browser keeps under `name`; raises `OSError`."""
    file = path.open("rb")
    size = path.stat().st_size
    # Of an iterator that waits, an asynchronous server would make a list first.
    parts = _waiting(file) if isinstance(request, ASGIRequest) else _steps(file)
    response = StreamingHttpResponse(parts, content_type=kind)
    response.headers["Content-Length"] = str(size)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _steps(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while data := file.read(_STEP):
            yield data


async def _waiting(file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        while data := await asyncio.to_thread(file.read, _STEP):
            yield data
