"""Mailman's lists: `mm/LIST_DOMAIN/config.pck`, a pickle that is read as data (`read_lists`)."""

from __future__ import annotations

from collections.abc import Iterable

from mailstead.foreign.cpanel.source import Source
from mailstead.foreign.inventory import MailingList
from mailstead.foreign.notes import decoded, printable
from mailstead.foreign.pickled import MAX_OCTETS, plain
from mailstead.standards.address import destination_address, forwarder_address
from mailstead.standards.refusal import Refusal

_FOLDERS = ("mm", "suspended.lists")
_SETTINGS = (
    "real_name",
    "description",
    "subject_prefix",
    "subscribe_policy",
    "generic_nonmember_action",
    "default_member_moderation",
    "reply_goes_to_list",
    "reply_to_address",
    "advertised",
    "archive",
    "archive_private",
    "max_message_size",
    "preferred_language",
)


def split_name(name: str, domains: Iterable[str]) -> tuple[str, str] | None:
    """`news_example.com` as a list's name and its domain; None if no domain fits."""
    fitting = [domain for domain in domains if name.lower().endswith(f"_{domain}")]
    domain = max(fitting, key=len, default="")
    local = name[: -len(domain) - 1] if domain else ""
    return (local.lower(), domain) if local else None


def read_lists(source: Source, domains: Iterable[str]) -> dict[str, list[MailingList]]:
    """All lists by domain."""
    found: dict[str, list[MailingList]] = {}
    domains = tuple(domains)
    for folder in _FOLDERS:
        for one in source.folders(source.at(folder)):
            whose = split_name(one.name, domains)
            if whose is None:
                words = "A mailing list of a domain that the account does not have."
                source.notes.add("unknown", "list-unknown", source.place(one.path), words)
                continue
            made = _read(source, one.path, one.name, *whose)
            if made is not None:
                found.setdefault(whose[1], []).append(made)
    return found


def _read(source: Source, path: str, name: str, local: str, domain: str) -> MailingList | None:
    for one in source.tree.members(path):
        source.use(one.path)  # templates, requests, digests: nothing that goes on here
    config = f"{path}/config.pck"
    try:
        address = str(forwarder_address(f"{local}@{domain}"))
    except Refusal as refused:
        source.notes.add("refused", refused.code, source.place(path), refused.words, text=name)
        return None
    data = source.octets(config, MAX_OCTETS)
    values = _values(source, config, data, address)
    if values is None:
        return None
    members = _addresses(source, config, _members(values), address)
    off = values.get("delivery_status")
    settings = [(key, _word(values[key])) for key in _SETTINGS if key in values]
    if isinstance(off, dict) and off:
        settings.append(("members_without_delivery", str(len(off))))
    source.notes.add(
        "differs",
        "list-becomes-forwarder",
        source.place(path),
        "Of a mailing list its members come; moderation, subscription by mail and digests do not.",
        address=address,
    )
    return MailingList(
        address=address,
        software="mailman",
        members=tuple(members),
        owners=tuple(_addresses(source, config, _listed(values.get("owner")), address)),
        settings=tuple(settings),
        archive_octets=_archived(source, name),
        place=source.place(path),
    )


def _values(
    source: Source, path: str, data: bytes | None, address: str
) -> dict[object, object] | None:
    try:
        value = plain(data) if data is not None else None
    except Refusal:
        value = None
    if isinstance(value, dict):
        return {_word(key): one for key, one in value.items()}
    source.notes.add(
        "refused",
        "list-unreadable",
        source.place(path),
        "The list's members cannot be read; ask for them at the source (list_members).",
        address=address,
    )
    return None


def _members(values: dict[object, object]) -> list[str]:
    """Addresses as their owners wrote them; Mailman's keys are in lower case."""
    found = []
    for key in ("members", "digest_members"):
        rows = values.get(key)
        for lower, written in rows.items() if isinstance(rows, dict) else ():
            found.append(_word(written) if isinstance(written, (str, bytes)) else _word(lower))
    return found


def _listed(value: object) -> list[str]:
    return [_word(one) for one in value] if isinstance(value, (list, tuple)) else []


def _addresses(source: Source, path: str, texts: list[str], address: str) -> list[str]:
    found: dict[str, None] = {}
    for text in texts:
        try:
            found[str(destination_address(text))] = None
        except Refusal as refused:
            place = source.place(path)
            source.notes.add(
                "refused", "list-member", place, refused.words, text=text, address=address
            )
    return list(found)


def _word(value: object) -> str:
    """Text; Mailman 2 ran on Python 2, whose text is octets."""
    if isinstance(value, bytes):
        return decoded(value)
    if isinstance(value, str):
        # Strings of Python 2 come as Latin-1.
        try:
            return decoded(value.encode("latin-1"))
        except UnicodeEncodeError:
            return printable(value)
    return str(value) if isinstance(value, (int, float)) else ""


def _archived(source: Source, name: str) -> int:
    """Octets of the list's archive, which does not come."""
    octets = 0
    for kind in ("priv", "pub"):
        for path in (source.at("mma", kind, f"{name}.mbox"), source.at("mma", kind, name)):
            found = source.tree.find(path)
            if found is not None and found.kind == "file":
                octets += found.size
                continue
            files = source.tree.members(path)
            octets += sum(one.size for one in files if one.name.endswith(".mbox"))
    return octets
