"""Roundcube's data of an account: one SQLite file for each mailbox, or a dump of MySQL."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mailstead.foreign.archive import Member
from mailstead.foreign.cpanel.source import Source
from mailstead.foreign.inventory import Webmail
from mailstead.foreign.roundcube import from_mysql_dump, from_sqlite
from mailstead.standards.refusal import Refusal

MAX_OCTETS = 512 * 2**20
_FILE = re.compile(r"(?P<user>.+)\.rcube\.db(?P<rest>\..*)?")
_COPY = re.compile(r"\.\d{9,14}")


def read_webmail(source: Source, domain: str, main: bool) -> dict[str, Webmail]:
    """By local part, of one domain; of the main one the account's own too."""
    if not source.home:
        return {}
    folder = source.in_home("etc", domain)
    found = dict(_of_folder(source, folder, domain))
    if main:
        for user, webmail in _of_folder(source, source.in_home("etc"), domain):
            found.setdefault(user, webmail)
    return found


def read_dump(source: Source) -> dict[str, Webmail]:
    """By user name, which is an address or the account's log-in; of servers with MySQL."""
    path = source.at("mysql", "roundcube.sql")
    if not source.exists(path):
        return {}
    try:
        with source.tree.stream(path) as file:
            return from_mysql_dump(file, source.place(path))
    except Refusal as refused:
        source.notes.add("refused", refused.code, source.place(path), refused.words)
        return {}


def _of_folder(source: Source, folder: str, domain: str) -> Iterator[tuple[str, Webmail]]:
    files: dict[str, dict[str, Member]] = {}
    for one in source.tree.children(folder):
        match = _FILE.fullmatch(one.name)
        if match is not None and one.kind != "directory":
            source.use(one.path)
            files.setdefault(match["user"], {})[match["rest"] or ""] = one
    for user, variants in files.items():
        path = _newest(source, variants)
        if path is None:
            place = source.place(next(iter(variants.values())).path)
            words = "Of this address book there are only copies in a form that is not read."
            source.notes.add("refused", "webmail-copies", place, words, domain=domain)
            continue
        webmail = _read(source, path, user, domain)
        if webmail is not None:
            yield user, webmail


def _newest(source: Source, variants: dict[str, Member]) -> str | None:
    """The file that is in use, else the copy that `.latest` names, else the newest one."""
    live = variants.get("")
    if live is not None and live.kind == "file" and live.size:
        return live.path
    latest = variants.get(".latest")
    if latest is not None:
        there = latest.path if latest.kind == "file" else source.tree.beside(latest.path)
        if there:
            return there
    copies = [rest for rest in variants if _COPY.fullmatch(rest)]
    if copies:
        return variants[max(copies, key=lambda rest: int(rest[1:]))].path
    return live.path if live is not None and live.kind == "file" else None


def _read(source: Source, path: str, user: str, domain: str) -> Webmail | None:
    place = source.place(path)
    size = getattr(source.tree.find(path), "size", 0)
    try:
        with tempfile.TemporaryDirectory(prefix="mailstead-webmail-") as folder:
            copy = Path(folder) / "data"
            if size > MAX_OCTETS:
                raise Refusal("webmail-too-large", "The address book's file is too large.")
            with source.tree.stream(path) as file, copy.open("wb") as out:
                shutil.copyfileobj(file, out, 2**20)
            users = from_sqlite(copy, place)
    except Refusal as refused:
        address = f"{user}@{domain}"
        source.notes.add("refused", refused.code, place, refused.words, address=address)
        return None
    for name in (f"{user}@{domain}", user):
        if name in users:
            return users[name]
    if len(users) == 1:
        return next(iter(users.values()))
    if users:
        words = "The address book is of other users than the mailbox that it lies with."
        source.notes.add("unknown", "webmail-users", place, words, text=", ".join(sorted(users)))
    return None
