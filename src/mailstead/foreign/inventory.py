"""A hosting account as it was found elsewhere, whatever panel it comes from.

A reader (`foreign.cpanel`, `foreign.directadmin`, …) fills it and leaves nothing out: what it did
not understand, or understood in part, is a `Remark` with the place and the text itself. Nothing
here is translated to our own terms yet; that is the plan's work. Addresses and domains are
normalised (`standards.address`); sizes are bytes, times UTC.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Literal

import msgspec

ImapTls = Literal["imaps", "starttls", "none"]
Panel = Literal["cpanel", "directadmin", "imap", "mailstead"]


class Found(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of everything that was found."""


class Remark(Found, frozen=True, kw_only=True):
    """What a person has to know about one file or line of the source."""

    grade: Literal["unknown", "differs", "dropped", "refused", "asks"]
    """`unknown`: not understood. `differs`: carried, but not quite the same. `dropped`: left out
    because it means nothing (a leftover). `refused`: cannot come, or must not. `asks`: somebody has
    to decide before the move."""
    code: str
    """Stable, for tests and counts: `unknown-file`, `pipe-refused`, …"""
    place: str
    """Path inside the source, with `:LINE` where there is one."""
    words: str
    """A sentence for the operator and the customer."""
    text: str = ""
    """What stands there, as found (cut at 4,000 characters)."""
    domain: str = ""
    address: str = ""


class Target(Found, frozen=True, kw_only=True):
    """One destination of a forwarder or of a default address."""

    kind: Literal["address", "account", "fail", "defer", "blackhole", "pipe", "include"]
    """`account`: the mailbox of the account itself, named by its log-in. `fail` and `defer` refuse,
    for good or for now, with `value` as their text."""
    value: str = ""


class Alias(Found, frozen=True, kw_only=True):
    """Where mail for an address goes besides (or without) its mailbox, in the order found."""

    address: str
    """`@domain` for the domain's default address."""
    targets: tuple[Target, ...]
    keep: bool | None = None
    """Whether a mailbox of the same address receives too; None: as the old panels do, it does."""
    place: str


class Autoresponder(Found, frozen=True, kw_only=True):
    """An automatic answer, as the source has it: `%subject%`, `%from%` and `%email%` stay."""

    address: str
    body: str
    subject: str = ""
    from_name: str = ""
    html: bool = False
    starts: dt.datetime | None = None
    ends: dt.datetime | None = None
    interval: int = 0
    """Seconds before the same sender is answered again; 0: each message is answered."""
    copy_to: str = ""
    """Another address that gets each message too (DirectAdmin)."""
    place: str


class PanelTest(Found, frozen=True, kw_only=True):
    """One condition of a filter as the panel wrote it down (cPanel's `filter.yaml`)."""

    part: str
    match: str
    value: str
    join: Literal["and", "or", ""] = ""
    """How it is joined to the next one; empty: not told."""


class PanelAction(Found, frozen=True, kw_only=True):
    """One action of a filter as the panel wrote it down."""

    action: str
    dest: str = ""


class PanelRule(Found, frozen=True, kw_only=True):
    """A filter as the panel shows it; the compiled text is what ran."""

    name: str
    enabled: bool
    tests: tuple[PanelTest, ...]
    actions: tuple[PanelAction, ...]


class EximFilter(Found, frozen=True, kw_only=True):
    """An Exim filter with what its panel says of it; either part may be missing."""

    text: str
    rules: tuple[PanelRule, ...] = ()
    place: str
    """Of the compiled text, or of the panel's file where that is all there is."""


class SieveScript(Found, frozen=True, kw_only=True):
    """A Sieve script that the mailbox had."""

    name: str
    text: str
    active: bool
    place: str


class SpamWishes(Found, frozen=True, kw_only=True):
    """What a mailbox or a whole account wanted of SpamAssassin."""

    enabled: bool
    to_folder: bool = False
    score: float | None = None
    """`required_score`; None: the server's own (5.0)."""
    delete_above: float | None = None
    allow: tuple[str, ...] = ()
    """Patterns with `*` and `?`, as found."""
    deny: tuple[str, ...] = ()
    level: Literal["", "off", "lenient", "normal", "strict"] = ""
    """Mailstead's own word for all of that; empty: the source has none."""
    place: str = ""


class Contact(Found, frozen=True, kw_only=True):
    """A person in the webmail's address book."""

    name: str
    emails: tuple[str, ...]
    first: str = ""
    last: str = ""
    vcard: str = ""
    """As the source held it; empty: it held none."""
    groups: tuple[str, ...] = ()


class Identity(Found, frozen=True, kw_only=True):
    """A sender that the webmail offered."""

    email: str
    name: str = ""
    organization: str = ""
    reply_to: str = ""
    bcc: str = ""
    signature: str = ""
    html: bool = False
    standard: bool = False


class CannedResponse(Found, frozen=True, kw_only=True):
    """A text that the webmail offered for answers."""

    name: str
    text: str
    html: bool = False


class Webmail(Found, frozen=True, kw_only=True):
    """One mailbox's data of Roundcube."""

    contacts: tuple[Contact, ...] = ()
    collected: tuple[Contact, ...] = ()
    """Addresses that Roundcube gathered by itself."""
    trusted: tuple[Contact, ...] = ()
    """Senders whose remote images it was allowed to show."""
    groups: tuple[str, ...] = ()
    """All of them, also those that nobody is in."""
    identities: tuple[Identity, ...] = ()
    responses: tuple[CannedResponse, ...] = ()
    language: str = ""
    place: str = ""
    remarks: tuple[Remark, ...] = ()
    """What its reader left out; the account's reader moves them to the inventory's."""


class ImapSeen(Found, frozen=True, kw_only=True):
    """What an IMAP server said when a log-in was tried."""

    capabilities: tuple[str, ...] = ()
    prefix: str = ""
    """Of its personal name space, as `INBOX.`."""
    separator: str = ""
    uses: tuple[tuple[str, str], ...] = ()
    """Folders of which it says what they are for, and the house's name for that."""
    cut: bool = False
    """There is more than was counted: it took too long."""


class Store(Found, frozen=True, kw_only=True):
    """Where a mailbox's mail lies."""

    kind: Literal["maildir", "mdbox", "mbox", "imap"]
    path: Path
    """Relative to the source's root (or member of the archive); of `imap`: empty."""
    names: Literal["utf-8", "mutf-7", "ambiguous"] = "mutf-7"
    """How folder names are written on disk (migration-formats, A5)."""
    compressed: bool = False
    """Whether some message is (gzip, zstd)."""
    messages: int = 0
    octets: int = 0
    """Size on disk of its messages."""
    folders: tuple[str, ...] = ()
    """Decoded names, `/` between levels, without the INBOX."""
    seen: ImapSeen | None = None
    """Of `imap`, once a log-in was tried and went well."""
    problem: str = ""
    """Of `imap`: why a log-in did not go well, as the server says; empty: it did, or none was
    tried."""


class Mailbox(Found, frozen=True, kw_only=True):
    """A mailbox of the source."""

    address: str
    secret: str = ""
    """Hash as found, without locks in front; empty: none is left."""
    login_suspended: bool = False
    receiving_suspended: bool = False
    sending_suspended: bool = False
    quota: int = 0
    """0: no limit of its own."""
    login: str = ""
    """Another name by which it logs in: the account's own mailbox has the account's."""
    stores: tuple[Store, ...] = ()
    """More than one where the source kept mail of one address in two places."""
    filter: EximFilter | None = None
    sieve: tuple[SieveScript, ...] = ()
    rules: str = ""
    """Rules of a mailbox of Mailstead's, a JSON list as its API writes them; empty: none."""
    spam: SpamWishes | None = None
    webmail: Webmail | None = None


class MailingList(Found, frozen=True, kw_only=True):
    """A mailing list, of which the members can come."""

    address: str
    software: Literal["mailman", "majordomo"]
    members: tuple[str, ...]
    owners: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    archive_octets: int = 0
    place: str


class DkimKey(Found, frozen=True, kw_only=True):
    """A signing key."""

    selector: str
    private_key: str
    """PEM, as found."""
    place: str


class Domain(Found, frozen=True, kw_only=True):
    """A domain of the account with all that concerns mail."""

    name: str
    kind: Literal["main", "addon", "sub", "parked", "pointer", "other"]
    routing: Literal["auto", "local", "remote", "secondary", "unknown"] = "auto"
    suspended: bool = False
    mirror_of: str = ""
    """Every address of that domain exists here too (DirectAdmin's pointer of kind alias)."""
    forward_to: str = ""
    """Where local parts that nothing else serves go (cPanel's domain forwarder)."""
    default: Alias | None = None
    mailboxes: tuple[Mailbox, ...] = ()
    aliases: tuple[Alias, ...] = ()
    autoresponders: tuple[Autoresponder, ...] = ()
    lists: tuple[MailingList, ...] = ()
    filter: EximFilter | None = None
    """Acts on all mail of the domain, before the mailbox's own (cPanel's account filter)."""
    spam: SpamWishes | None = None
    boxtrapper: tuple[str, ...] = ()
    """Addresses with cPanel's challenge and response."""
    dkim: tuple[DkimKey, ...] = ()
    zone: str = ""
    """The zone file's text; empty: none was found."""
    certificate: bool = False


class Limits(Found, frozen=True, kw_only=True):
    """What the account may have; None: no limit."""

    octets: int | None = None
    mailboxes: int | None = None
    forwarders: int | None = None
    autoresponders: int | None = None
    lists: int | None = None
    mailbox_octets: int | None = None
    messages_per_hour: int | None = None


class Inventory(Found, frozen=True, kw_only=True):
    """One account."""

    panel: Panel
    account: str
    """Its log-in at the source."""
    home: str = ""
    """Its home directory on the old server, which paths in filters begin with."""
    contacts: tuple[str, ...] = ()
    """Where the owner is written to."""
    suspended: bool = False
    suspended_words: str = ""
    owner: str = ""
    """The reseller above it."""
    package: str = ""
    limits: Limits = Limits()
    domains: tuple[Domain, ...] = ()
    remarks: tuple[Remark, ...] = ()
    mail_missing: bool = False
    """The source has no mail at all though it has mailboxes: a backup without the home."""

    def domain(self, name: str) -> Domain | None:
        """The domain of that name."""
        return next((one for one in self.domains if one.name == name), None)

    def mailboxes(self) -> tuple[Mailbox, ...]:
        """All mailboxes of all domains."""
        return tuple(box for domain in self.domains for box in domain.mailboxes)
