"""Which domains an account has, of what kind: no single file names them all (`read_domains`)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from mailstead.foreign.cpanel.settings import Settings
from mailstead.foreign.cpanel.source import Source
from mailstead.foreign.safeyaml import load
from mailstead.standards.address import normalise_domain
from mailstead.standards.refusal import Refusal

DomainKind = Literal["main", "addon", "sub", "parked", "pointer", "other"]

_Add = Callable[[object, DomainKind, str], None]
"""Notes a domain: its name as it stands there, its kind, the place."""
_WORTH: tuple[DomainKind, ...] = ("main", "addon", "parked", "sub", "other")
"""What counts where two files disagree: the first of these."""


def read_domains(source: Source, settings: Settings) -> dict[str, DomainKind]:
    """All domains by name, the main one first; raises `Refusal` where there is no main one."""
    found: dict[str, DomainKind] = {}

    def add(text: object, kind: DomainKind, place: str) -> None:
        try:
            name = normalise_domain(str(text))
        except Refusal as refused:
            source.notes.add("unknown", refused.code, place, refused.words, text=str(text))
            return
        if name not in found or _WORTH.index(kind) < _WORTH.index(found[name]):
            found[name] = kind

    if settings.main:
        found[settings.main] = "main"
    for name in settings.domains:
        add(name, "other", source.at("cp", source.account))
    _from_lists(source, add)
    _from_userdata(source, settings, add)
    _from_files(source, add)
    if not settings.main:
        raise Refusal(
            "archive-without-domain",
            "The archive does not say which domain of the account is the main one.",
            remedy="Make it again at the source, and with everything.",
        )
    return dict(sorted(found.items(), key=lambda item: (_WORTH.index(item[1]), item[0])))


def _from_lists(source: Source, add: _Add) -> None:
    kinds: tuple[tuple[str, DomainKind], ...] = (
        ("addons", "addon"),
        ("pds", "parked"),
        ("sds", "sub"),
        ("sds2", "sub"),
    )
    for file, kind in kinds:
        path = source.at(file)
        for number, line in source.lines(path):
            name = re.split(r"[=\s]", line.strip(), maxsplit=1)[0]
            if kind == "sub":
                name = name.replace("_", ".", 1)  # the first one stands for the label's dot
            add(name, kind, source.place(path, number))


def _from_userdata(source: Source, settings: Settings, add: _Add) -> None:
    path = source.at("userdata", "main")
    data = source.octets(path)
    main = load(data) if data is not None else None
    place = source.place(path)
    if data is not None and not isinstance(main, dict):
        source.notes.add("unknown", "userdata-unreadable", place, "The file is no YAML map.")
    if not isinstance(main, dict):
        return
    kinds: tuple[tuple[str, DomainKind], ...] = (
        ("addon_domains", "addon"),
        ("parked_domains", "parked"),
        ("sub_domains", "sub"),
    )
    if isinstance(main.get("main_domain"), str):
        add(main["main_domain"], "main", place)
        if not settings.main:
            settings.main = main["main_domain"].lower()
    for key, kind in kinds:
        names = main.get(key)
        for name in names if isinstance(names, (list, dict)) else ():
            add(name, kind, place)


def _from_files(source: Source, add: _Add) -> None:
    """Domains that only a file or directory is named after."""
    for folder in ("va", "vad", "vf", "dnszones"):
        for one in source.files(source.at(folder)):
            name = one.name.removesuffix(".db") if folder == "dnszones" else one.name
            if "." in name:
                add(name, "other", source.place(one.path))
    if not source.home:
        return
    for folder, marks in (("etc", ("passwd", "shadow", "quota")), ("mail", ())):
        for one in source.folders(source.in_home(folder)):
            if not looks_like_domain(one.name):
                continue
            inside = {inner.name for inner in source.tree.children(one.path)}
            if inside & set(marks) if marks else inside:
                add(one.name, "other", source.place(one.path))


def looks_like_domain(name: str) -> bool:
    """Whether a directory in `etc` or `mail` can be a domain's."""
    return re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", name) is not None
