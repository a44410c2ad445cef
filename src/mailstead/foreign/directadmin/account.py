"""The account as a whole: `user.conf`, its own mailbox's password, what the backup left out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mailstead.foreign.directadmin import layout
from mailstead.foreign.directadmin.files import Files, domain_name, settings
from mailstead.foreign.inventory import Limits
from mailstead.standards.refusal import Refusal

MEGABYTE = 2**20

_NO_MAIL = re.compile(
    r"account|additional_.*|aftp|api_with_password|bandwidth|catchall|cgi|clamav|cpu_.*|cron"
    r"|date_created|default_domain|dnscontrol|docsroot|domainptr|feature_sets|ftp|git|hard_limits"
    r"|inode|io_.*|ip|jail|language|lang|last_login.*|login_keys|memory.*|mysql|n?domainptr|nftp"
    r"|nginx_unit|notify_.*|ns[12]|nsubdomains|nusers|ndomains?|oversell|php.*|plugins.*|redis"
    r"|security_.*|sentwarning|serverip|showstats|skin|spam|ssh|ssl|suspend_at_limit|sysinfo"
    r"|tasks_.*|timezone|twostep_auth.*|two_step.*|unlimited_.*|userssh|usertype|uactive|upackages"
    r"|user_email|vdomains|wordpress|zoom|demo|demo_.*|nemails?_.*|suspension_.*|shared_.*"
)
"""Keys of `user.conf` without a meaning for mail."""
_LOCK = re.compile(r"(\*LOCKED\*|[!*]+)+")
_PARTS = {
    "email": "mailboxes",
    "email_data": "mail and webmail data",
    "emailsettings": "settings of mail",
    "forwarder": "forwarders",
    "autoresponder": "autoresponders",
    "vacation": "vacations",
    "list": "mailing lists",
}


@dataclass
class Account:
    """What `user.conf` and its likes say."""

    name: str
    main: str = ""
    creator: str = ""
    package: str = ""
    contacts: tuple[str, ...] = ()
    suspended: bool = False
    suspended_words: str = ""
    limits: Limits = field(default_factory=Limits)
    secret: str = ""
    """Hash of the account's own password; empty: none is left."""
    locked: bool = False


def read_account(files: Files) -> Account:
    """The account; raises `Refusal` (`account-unknown`) where nothing says whose it is."""
    read = {
        key.lower(): (number, value)
        for number, key, value in settings(files.text(layout.USER_CONF))
    }

    def word(key: str) -> str:
        return read.pop(key, (0, ""))[1]

    name = word("username").lower()
    if not re.fullmatch(r"[a-z0-9_][a-z0-9._-]{0,63}", name):
        raise Refusal(
            "account-unknown",
            "The backup does not say whose it is: backup/user.conf names no user.",
            remedy="Make a whole backup of the user in DirectAdmin.",
        )
    found = Account(
        name,
        main=domain_name(word("domain")),
        creator=word("creator")[:100],
        package=word("package")[:200],
        contacts=tuple(one for one in re.split(r"[\s,;]+", word("email")) if "@" in one),
        suspended=word("suspended").lower() in ("yes", "on", "1"),
        suspended_words=(word("suspended_reason") or word("suspend_reason"))[:500],
        limits=Limits(
            octets=_limit(files, "quota", word("quota"), MEGABYTE),
            mailboxes=_limit(files, "nemails", word("nemails")),
            forwarders=_limit(files, "nemailf", word("nemailf")),
            autoresponders=_limit(files, "nemailr", word("nemailr")),
            lists=_limit(files, "nemailml", word("nemailml")),
        ),
    )
    for key, (number, value) in read.items():
        if not _NO_MAIL.fullmatch(key):
            files.remark(
                "unknown",
                "unknown-setting",
                layout.USER_CONF,
                "This setting of the account is not known.",
                line=number,
                text=f"{key}={value}",
            )
    found.secret, found.locked = unlocked(_hash(files, found.name))
    _tell_daily_limit(files)
    return found


def missing_parts(files: Files) -> set[str]:
    """Parts of mail that the backup was made without, each told; none where it does not say."""
    text = files.text(layout.OPTIONS)
    if not text.strip():
        return set()
    chosen = {
        found[1].lower()
        for found in re.finditer(r"^\s*(\w+)\s*(?:=\s*(\S*))?\s*$", text, re.MULTILINE)
        if (found[2] or "yes").lower() not in ("no", "off", "0")
    }
    absent = {part for part in _PARTS if part not in chosen}
    for part in sorted(absent):
        files.remark(
            "refused",
            "part-not-in-backup",
            layout.OPTIONS,
            f"The backup was made without {_PARTS[part]}. Make one with all parts of mail.",
            text=part,
        )
    return absent


def unlocked(secret: str) -> tuple[str, bool]:
    """A hash without what locks it, and whether it was locked."""
    found = _LOCK.match(secret)
    return (secret[found.end() :], True) if found else (secret, False)


def _hash(files: Files, name: str) -> str:
    """The account's hash: the whole of the file, or the field of its line in a shadow file."""
    for line in files.text(layout.SHADOW).splitlines():
        fields = line.strip().split(":")
        if len(fields) == 1 and fields[0]:
            return fields[0]
        if len(fields) > 1 and fields[0] == name:
            return fields[1]
    return ""


def _limit(files: Files, key: str, value: str, unit: int = 1) -> int | None:
    if value.lower() in ("", "unlimited"):
        return None
    if re.fullmatch(r"\d{1,12}(\.\d{1,3})?", value):
        return int(float(value) * unit)
    files.remark(
        "unknown",
        "limit-unreadable",
        layout.USER_CONF,
        "This limit of the account is not understood, so it is none.",
        text=f"{key}={value}",
    )
    return None


def _tell_daily_limit(files: Files) -> None:
    number = files.text(layout.LIMIT).strip()
    if number.isdecimal() and int(number):
        files.remark(
            "differs",
            "sending-limit",
            layout.LIMIT,
            "The account could send so many messages in a day; here limits are by the hour and come"
            " with the plan.",
            text=number,
        )
