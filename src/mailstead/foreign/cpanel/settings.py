"""`cp/USER`: what cPanel knows of an account as a whole, `KEY=value` on each line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from mailstead.foreign.cpanel.source import Source
from mailstead.foreign.inventory import Limits
from mailstead.standards.address import normalise_domain
from mailstead.standards.refusal import Refusal

Routing = Literal["auto", "local", "remote", "secondary", "unknown"]

_MIB = 2**20
_MEANS_NOTHING = re.compile(
    # Which server, which reseller's settings, which look: not of mail.
    r"IP|RS|LOCALE|LANG|FEATURELIST|FEATURE-.*|feature-.*|DEMO|STARTDATE|MTIME|UUID|DBOWNER|OWNER|PLAN"
    r"|CREATED_IN_VERSION|TRANSFERRED_OR_RESTORED|UUID_.*|INITIAL_SERVER_.*|__.*|LEGACY_BACKUP"
    r"|BACKUP|HASCGI|HASSHELL|HASDKIM|HASSPF|HASDMARC"
    r"|CHILD_WORKLOADS|TEAM.*|X_.*"
    # Limits of other things, and how the owner is told about them.
    r"|BWLIMIT|MAXFTP|MAXSUB|MAXPARK|MAXADDON|MAXSQL|MAXMONGREL.*|MAXPASSENGERAPPS|MAX_TEAM_USERS"
    r"|DISK_BLOCK_LIMIT|notify_.*|PUSHBULLET_ACCESS_TOKEN|SSL_.*|AUTOSSL.*"
    # What each mailbox's own files say better (migration-formats, A5).
    r"|MAILBOX_FORMAT|UTF8MAILBOX"
    # Domains that the account once had.
    r"|XDNS\d*"
)
"""Keys that say nothing about mail, or that something else says too."""


@dataclass
class Settings:
    """What was found."""

    main: str = ""
    domains: list[str] = field(default_factory=list)
    contacts: tuple[str, ...] = ()
    owner: str = ""
    package: str = ""
    suspended: bool = False
    limits: Limits = field(default_factory=Limits)
    routing: dict[str, Routing] = field(default_factory=dict)


def read_settings(source: Source) -> Settings:
    """The account's settings; what is not understood becomes a remark."""
    found = Settings()
    values: dict[str, str] = {}
    path = source.at("cp", source.account)
    for number, line in source.lines(path):
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals:
            _unknown(source, path, number, line)
        elif re.fullmatch(r"DNS\d*", key):
            _domain(source, found, key, value, source.place(path, number))
        elif key.startswith("MXCHECK-"):
            _routing(source, found, key.removeprefix("MXCHECK-"), value, path, number)
        elif key in _READ:
            values.setdefault(key, value)
        elif key == "MAX_DEFER_FAIL_PERCENTAGE":
            _deferrals(source, path, number, value)
        elif not _MEANS_NOTHING.fullmatch(key):
            _unknown(source, path, number, line)
        if key in ("OWNER", "PLAN", "DISK_BLOCK_LIMIT"):
            values.setdefault(key, value)
    said = [values.get("CONTACTEMAIL", ""), values.get("CONTACTEMAIL2", "")]
    if not any("@" in text for text in said) and source.home:  # older servers kept them here
        said = [source.text(source.in_home(".contactemail"), 4096)]
    addresses = [one for text in said for one in re.split(r"[,\s:'\"]+", text) if "@" in one]
    found.contacts = tuple(dict.fromkeys(addresses))
    found.owner, found.package = values.get("OWNER", ""), values.get("PLAN", "")
    found.suspended = values.get("SUSPENDED", "0") not in ("", "0")
    found.limits = Limits(
        octets=_octets(source, values),
        mailboxes=_number(source, values, "MAXPOP"),
        lists=_number(source, values, "MAXLST"),
        mailbox_octets=_times(_number(source, values, "MAX_EMAILACCT_QUOTA") or None, _MIB),
        messages_per_hour=_number(source, values, "MAX_EMAIL_PER_HOUR") or None,
    )
    return found


_READ = {
    "USER",
    "CONTACTEMAIL",
    "CONTACTEMAIL2",
    "SUSPENDED",
    "SUSPENDTIME",
    "MAXPOP",
    "MAXLST",
    "MAX_EMAILACCT_QUOTA",
    "MAX_EMAIL_PER_HOUR",
}


def _deferrals(source: Source, path: str, number: int, value: str) -> None:
    if value.lower() not in ("", "0", "100", "unlimited"):
        source.notes.add(
            "dropped",
            "limit-of-deferrals",
            source.place(path, number),
            "The share of undeliverable mail is not limited here; the guard looks at it instead.",
            text=value,
        )


def _unknown(source: Source, path: str, number: int, line: str) -> None:
    source.notes.add(
        "unknown",
        "unknown-setting",
        source.place(path, number),
        "This setting of the account is not known here.",
        text=line,
    )


def _domain(source: Source, found: Settings, key: str, value: str, place: str) -> None:
    try:
        name = normalise_domain(value)
    except Refusal as refused:
        source.notes.add("refused", "domain-invalid", place, refused.words, text=value)
        return
    if key == "DNS":
        found.main = name
    found.domains.append(name)


def _routing(
    source: Source, found: Settings, name: str, value: str, path: str, number: int
) -> None:
    said = value.lower()
    routing: Routing
    if "remote" in said:
        routing = "remote"
    elif "secondary" in said:
        routing = "secondary"
    elif said in ("0", "local"):
        routing = "local"
    elif said in ("", "auto"):
        routing = "auto"
    else:
        routing = "unknown"
        source.notes.add(
            "asks",
            "routing-unknown",
            source.place(path, number),
            "How mail for this domain is routed is written in a way that is not known here.",
            text=f"{name}={value}",
            domain=name.lower(),
        )
    found.routing[name.lower()] = routing


def _number(source: Source, values: dict[str, str], key: str) -> int | None:
    value = values.get(key, "").lower()
    if value in ("", "unlimited", "unlim", "-1"):
        return None
    if value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    path = source.at("cp", source.account)
    source.notes.add(
        "unknown",
        "limit-unknown",
        source.place(path),
        "This limit is no number.",
        text=f"{key}={value}",
    )
    return None


def _times(number: int | None, unit: int) -> int | None:
    return None if number is None else number * unit


def _octets(source: Source, values: dict[str, str]) -> int | None:
    """The account's quota: `quota` in MB, or `DISK_BLOCK_LIMIT` in KB; 0 is none."""
    path = source.at("quota")
    text = source.text(path).strip()
    if text.isascii() and text.isdigit() and len(text) < 16:
        megabytes = int(text)
        if megabytes < 10_000_000:
            return megabytes * _MIB or None
        # Ten terabytes as MB: some tools write octets.
        source.notes.add(
            "asks",
            "quota-unit",
            source.place(path),
            "The account's quota is too large to be in MB; it is taken for octets.",
            text=text,
        )
        return megabytes
    if text and text.lower() != "unlimited":
        source.notes.add(
            "unknown", "limit-unknown", source.place(path), "This quota is no number.", text=text
        )
    return _times(_number(source, values, "DISK_BLOCK_LIMIT") or None, 1024)
