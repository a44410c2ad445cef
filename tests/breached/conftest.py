"""Lists as they are published, small ones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

Write = Callable[[str, Iterable[bytes]], Path]


def sha1(password: bytes) -> bytes:
    return hashlib.sha1(password, usedforsecurity=False).digest()


def line(password: bytes) -> bytes:
    return sha1(password).hex().upper().encode() + b":3\r\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file of lines, which bring their own ends."""

    def file(name: str, lines: Iterable[bytes]) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"".join(lines))
        return path

    return file
