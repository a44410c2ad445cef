"""Automatic answers: `.autorespond/ADDRESS` with its settings beside it (`read_responder`)."""

from __future__ import annotations

import datetime as dt
import email.policy
import json
import re
from email.parser import BytesParser

from mailstead.foreign.cpanel.source import Source
from mailstead.foreign.inventory import Autoresponder
from mailstead.foreign.notes import decoded, printable

_HOUR = 3600
_USUAL_HOURS = 8
_MOST_HOURS = 24 * 366
_CHARSET = re.compile(r'charset\s*=\s*"?([A-Za-z0-9_.:-]+)', re.I)
_HEADER = re.compile(rb"\A[A-Za-z-]+:")
FOLDER = ".autorespond"


def read_responder(source: Source, address: str, file: str, place: str) -> Autoresponder | None:
    """The answer that a line of `va` (`place`) starts; None, with a remark, if it is not there."""
    path = source.in_home(FOLDER, file) if source.home else ""
    data = source.octets(path, 2**20) if path and "/" not in file else None
    if data is None:
        source.notes.add(
            "dropped",
            "autoresponder-missing",
            place,
            "The line starts an automatic answer of which there is no text.",
            address=address,
        )
        return None
    headers, body = _split(data)
    message = BytesParser(policy=email.policy.compat32).parsebytes(headers, headersonly=True)
    kind = decoded(str(message.get("Content-Type", "")).encode("utf-8", "replace"))
    interval, starts, ends = _settings(source, address, path)
    return Autoresponder(
        address=address,
        body=_text(body, kind).replace("\r\n", "\n"),
        subject=_header(headers, "Subject"),
        from_name=_header(headers, "From"),
        html="text/html" in kind.lower(),
        starts=starts,
        ends=ends,
        interval=interval,
        place=source.place(path),
    )


def _split(data: bytes) -> tuple[bytes, bytes]:
    """Headers and body; a text without headers is all body."""
    if not _HEADER.match(data):
        return b"", data
    found = re.search(rb"\r?\n\r?\n", data)
    return (data[: found.start()], data[found.end() :]) if found else (data, b"")


def _header(headers: bytes, name: str) -> str:
    found = re.search(rf"^{name}:[ \t]*(.*(?:\n[ \t].*)*)$", decoded(headers), re.I | re.M)
    return printable(" ".join(found[1].split())) if found else ""


def _text(body: bytes, kind: str) -> str:
    found = _CHARSET.search(kind)
    if found is not None:
        try:
            return printable(body.decode(found[1]).replace("\0", ""))
        except (LookupError, UnicodeDecodeError):
            pass
    return decoded(body)


def _settings(
    source: Source, address: str, path: str
) -> tuple[int, dt.datetime | None, dt.datetime | None]:
    """Seconds between answers to the same sender, beginning and end."""
    for ending in (".json", ".conf"):
        data = source.octets(path + ending, 2**16)
        if data is None:
            continue
        said = _pairs(decoded(data))
        if said is None:
            source.notes.add(
                "unknown",
                "autoresponder-settings",
                source.place(path + ending),
                "Interval, beginning and end of the automatic answer are not understood.",
                text=decoded(data),
                address=address,
            )
            continue
        hours = _number(said.get("interval"))
        interval = int((_USUAL_HOURS if hours is None else min(hours, _MOST_HOURS)) * _HOUR)
        return interval, _when(said.get("start")), _when(said.get("stop"))
    source.notes.add(
        "differs",
        "autoresponder-interval",
        source.place(path),
        f"How often one sender is answered is not told; it will be once in {_USUAL_HOURS} hours.",
        address=address,
    )
    return _USUAL_HOURS * _HOUR, None, None


def _pairs(text: str) -> dict[str, object] | None:
    """JSON, or `key: value` and `key=value` on lines, as older servers wrote."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        rows = [re.fullmatch(r"\s*(\w+)\s*[:=]\s*(\S*)\s*", one) for one in text.splitlines()]
        said = {row[1]: row[2] for row in rows if row is not None}
    return said if isinstance(said, dict) and said.keys() & {"interval", "start", "stop"} else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number < 1e12 else None


def _when(value: object) -> dt.datetime | None:
    seconds = _number(value)
    return dt.datetime.fromtimestamp(seconds, dt.UTC) if seconds and seconds < 2**37 else None
