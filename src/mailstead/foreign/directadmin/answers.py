"""Automatic answers: `autoresponder.conf` and `vacation.conf`, and the texts in `reply/`.

Both are the same to Exim: an address that stands in either file is answered with `reply/NAME.msg`,
once per sender in `NAME.once_time`. A vacation has a first and a last day; it needs no row in the
other file, and an address in both is answered at any time.
"""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import parse_qsl

import msgspec

from mailstead.foreign.directadmin.files import Files, domain_name, local_part, rows
from mailstead.foreign.inventory import Autoresponder
from mailstead.foreign.notes import decoded
from mailstead.standards.refusal import Refusal

DEFAULT_INTERVAL = 2 * 86400
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_HOURS = {"morning": 6, "afternoon": 12, "evening": 18}
"""What DirectAdmin's words are taken for; it does not say which hours it means (unsure)."""
_MAX_TEXT = 2**20


def answers(files: Files, folder: str, domain: str) -> tuple[Autoresponder, ...]:
    """The answers of a domain, and a remark for each file in `reply/` that belongs to none."""
    copies = _rows(files, f"{folder}/autoresponder.conf", domain)
    vacations = _rows(files, f"{folder}/vacation.conf", domain)
    found = []
    for local in dict.fromkeys([*copies, *vacations]):
        place, copy = copies.get(local, ("", ""))
        answer = _answer(files, folder, f"{local}@{domain}", place or vacations[local][0])
        if local in copies:
            answer = _with_copy(files, answer, copy, f"{folder}/autoresponder.conf")
            if local in vacations:
                files.remark(
                    "differs",
                    "two-answers",
                    f"{folder}/vacation.conf",
                    "The address has a vacation and an autoresponder, which share their text; it"
                    " was answered at any time, so the dates are left out.",
                    text=vacations[local][1],
                    address=answer.address,
                )
        else:
            answer = _with_dates(files, answer, vacations[local][1], f"{folder}/vacation.conf")
        found.append(answer)
    _tell_leftovers(files, f"{folder}/reply", {*copies, *vacations})
    return tuple(found)


def seconds(text: str) -> int | None:
    """A time as Exim writes it (`2d`, `1h30m`); None for what is none."""
    parts = re.findall(r"(\d{1,9})([smhdw])", text.lower())
    if "".join(number + unit for number, unit in parts) != text.lower() or not parts:
        return int(text) if re.fullmatch(r"\d{1,9}", text) else None
    return sum(int(number) * _UNITS[unit] for number, unit in parts)


def _rows(files: Files, path: str, domain: str) -> dict[str, tuple[str, str]]:
    """Place and value of each row by its local part."""
    found: dict[str, tuple[str, str]] = {}
    for number, key, value in rows(files.text(path)):
        local = local_part(key.removesuffix(f"@{domain}"))
        if local:
            found.setdefault(local, (f"{files.tree.place(path)}:{number}", value))
        else:
            files.remark(
                "unknown",
                "line-unreadable",
                path,
                "This row of the automatic answers is not understood.",
                line=number,
                text=f"{key}: {value}",
                domain=domain,
            )
    return found


def _answer(files: Files, folder: str, address: str, place: str) -> Autoresponder:
    """The answer with its text, subject and interval, without dates and copy."""
    base = f"{folder}/reply/{address.rpartition('@')[0]}"
    headers = files.text(f"{base}.headers")
    subject = " ".join(files.text(f"{base}.subject").split()) or "Autoreply"
    often = files.text(f"{base}.once_time").strip()
    interval = seconds(often) if often else DEFAULT_INTERVAL
    if interval is None:
        interval = DEFAULT_INTERVAL
        files.remark(
            "differs",
            "interval-unreadable",
            f"{base}.once_time",
            "How often a sender is answered is not understood; two days are taken.",
            text=often,
            address=address,
        )
    body = _body(files, f"{base}.msg", headers)
    if not body.strip():
        files.remark(
            "dropped",
            "answer-without-text",
            f"{base}.msg",
            "The automatic answer has no text, so the old server did not send it.",
            address=address,
        )
    return Autoresponder(
        address=address,
        body=body,
        # DirectAdmin puts the original subject behind it.
        subject=f"{subject}: %subject%",
        html=re.search(r"^content-type:\s*text/html", headers, re.IGNORECASE | re.MULTILINE)
        is not None,
        interval=interval,
        place=place,
    )


def _body(files: Files, path: str, headers: str) -> str:
    """The text in the charset that its headers name."""
    if files.tree.find(path) is None:
        return ""
    files.use(path)
    try:
        data = files.tree.read(path, _MAX_TEXT)
    except Refusal as refused:
        files.remark("unknown", refused.code, path, refused.words)
        return ""
    named = re.search(r"charset\s*=\s*\"?([\w-]{1,30})", headers, re.IGNORECASE)
    charset = named[1].lower() if named else ""
    # Not every codec of Python's may be named by a stranger.
    if re.fullmatch(r"iso-8859-\d{1,2}|windows-125\d|koi8-[ru]", charset):
        try:
            return data.decode(charset, "replace").replace("\r\n", "\n")
        except LookupError:
            pass
    return decoded(data).replace("\r\n", "\n")


def _with_copy(files: Files, answer: Autoresponder, copy: str, path: str) -> Autoresponder:
    local, at, host = copy.strip().rpartition("@")
    domain = answer.address.rpartition("@")[2]
    if not copy.strip():
        return answer
    to = f"{local}@{domain_name(host)}" if at else f"{local_part(copy.strip())}@{domain}"
    if to.startswith("@") or to.endswith("@") or re.search(r"[\s,]", to):
        files.remark(
            "unknown",
            "copy-unreadable",
            path,
            "The address that gets a copy of what is answered is not understood.",
            text=copy,
            address=answer.address,
        )
        return answer
    return msgspec.structs.replace(answer, copy_to=to)


def _with_dates(files: Files, answer: Autoresponder, value: str, path: str) -> Autoresponder:
    """The vacation's days; what cannot be read is told, and the answer is then without an end."""
    words = dict(parse_qsl(value, keep_blank_values=True))
    starts, ends = _moment(words, "start"), _moment(words, "end")
    if starts is None or ends is None:
        files.remark(
            "differs",
            "dates-unreadable",
            path,
            "The days of this vacation are not understood; without them it is answered always.",
            text=value,
            address=answer.address,
        )
    else:
        files.remark(
            "differs",
            "dates-in-words",
            path,
            "The old server said morning, afternoon or evening; 6, 12 and 18 o'clock UTC are"
            " taken.",
            text=value,
            address=answer.address,
        )
    return msgspec.structs.replace(answer, starts=starts, ends=ends)


def _moment(words: dict[str, str], which: str) -> dt.datetime | None:
    try:
        day = dt.date(*(int(words[f"{which}{part}"]) for part in ("year", "month", "day")))
        hour = _HOURS.get(words.get(f"{which}time", ""), 0 if which == "start" else 18)
        return dt.datetime(day.year, day.month, day.day, hour, tzinfo=dt.UTC)
    except (KeyError, ValueError, OverflowError):
        return None


def _tell_leftovers(files: Files, folder: str, known: set[str]) -> None:
    """Texts of answers that are switched off."""
    for name in files.names(folder):
        path = f"{folder}/{name}"
        local, _, part = name.rpartition(".")
        if part == "msg" and local.lower() not in known:
            files.remark(
                "dropped",
                "answer-leftover",
                path,
                "The text of an automatic answer that is switched off does not come along.",
            )
        if part in ("msg", "subject", "headers", "once_time"):
            files.use(path)
