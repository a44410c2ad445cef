"""Down: what the control plane tells a node, one frozen message per thing that changed.

Every message describes the whole new state of one thing (`…Put`) or its end (`…Gone`), so that
applying a message twice is harmless and a snapshot is nothing but a list of `…Put` messages.
Addresses and domains are already normalised (`standards.address`). Sizes are bytes, times UTC.

The node, not the control plane, derives the engines' map entries from these: the rules of
precedence live in `mailplane.directory.compile`.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

from mailstead.wire.moves import AnySource, CameFrom
from mailstead.wire.pools import SendingPlan
from mailstead.wire.protection import GuardWord
from mailstead.wire.sending import Account, Ceilings

VERSION = 1
"""Raised when the meaning of a message changes; a node refuses a feed of another version."""


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag=True):
    """Base of all messages; on the wire `{"type": "MailboxPut", …}`."""


class Route(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where mail goes: to `destinations`, or refused with `text`, or dropped."""

    action: Literal["deliver", "fail", "blackhole"]
    destinations: tuple[str, ...] = ()
    text: str = ""
    """For `fail`: one printable line given to the sender; empty means the house's own words."""


class DomainPut(Change, frozen=True, kw_only=True):
    """A hosted domain.

    At most one of `alias_of` and `forward_to` is set. `alias_of`: every address of that (hosted,
    same node) domain exists here too, and nothing else does. `forward_to`: every local part that
    this domain does not define itself goes to the same local part at that domain, hosted or not.
    Precedence: own address, then `forward_to`, then `catch_all`.
    """

    name: str
    customer: int
    active: bool
    """False: log-in and sending are suspended for its mailboxes; mail is still received."""
    alias_of: str | None = None
    forward_to: str | None = None
    catch_all: Route | None = None
    """None is the same as `fail` with the house's own words."""
    relay_to: str = ""
    """Where its mail goes while its mailboxes are here already and its mail is not: a host, or `mx`
    for where its DNS leads; empty: it is delivered here. Log-in and sending are as always."""
    home: str = ""
    """Host name of the node of ours on which its mail is delivered, while the domain is on two of
    them; empty: this one. Both know its addresses, so that unknown ones are refused here too."""
    held: bool = False
    """Nothing is delivered for a moment: mail for it is taken and waits in the queue."""


class DomainGone(Change, frozen=True, kw_only=True):
    """The domain and all that is in it ends here; its mailboxes' mail stays until `StorePurged`."""

    name: str


class AppPassword(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A password of one program beside the mailbox's own."""

    digest: str
    """SHA-256 in hexadecimal: the password itself is random and long."""
    credential: int
    protocols: tuple[Literal["imap", "pop3", "smtp", "sieve"], ...] = ()
    """Empty: all."""


class MailboxPut(Change, frozen=True, kw_only=True):
    """A mailbox.

    `store` names its mail for ever: a mailbox of the same address made later has another one.
    `credential` rises with every change of `secret`: an SMTP session authenticated with an older
    one is refused at its next recipient.
    """

    address: str
    store: str
    secret: str
    """Password hash with its Dovecot scheme in front, `{SHA512-CRYPT}$6$…`."""
    credential: int
    quota: int
    """Bytes; 0 means no limit of its own."""
    login: bool
    sending: bool
    receiving: bool
    sending_words: str = ""
    """Why sending is suspended, one printable line for the sender; empty: the house's words."""
    app_passwords: tuple[AppPassword, ...] = ()
    """They open sessions as long as `login` holds."""
    ceilings: Ceilings = Ceilings()
    """How much it may send, where that differs from what its domain's `SendingLimitsPut` says."""
    login_name: str = ""
    """Another name by which it logs in, without `@`; no two mailboxes of a node have the same."""
    pool_full: bool = False
    """The customer's pooled storage is used up: new mail is refused for now (452 4.2.2)."""


class MailboxGone(Change, frozen=True, kw_only=True):
    """The mailbox ends; its mail stays in the store until `StorePurged`."""

    address: str


class StorePurged(Change, frozen=True, kw_only=True):
    """The grace period of a removed mailbox is over: delete its mail."""

    address: str
    store: str


class ForwarderPut(Change, frozen=True, kw_only=True):
    """A forwarder at an address, with or without a mailbox of the same address.

    With a mailbox and `keep_copy` the mailbox receives too; without `keep_copy` it does not.
    """

    address: str
    route: Route
    keep_copy: bool = False


class ForwarderGone(Change, frozen=True, kw_only=True):
    """The forwarder ends."""

    address: str


class AutoresponderPut(Change, frozen=True, kw_only=True):
    """An automatic answer for an address, whether or not a mailbox has that address."""

    address: str
    starts: dt.datetime | None
    ends: dt.datetime | None
    interval: int
    """Seconds before the same sender is answered again."""
    subject: str
    body: str
    html: bool
    from_name: str = ""


class AutoresponderGone(Change, frozen=True, kw_only=True):
    """The automatic answer ends."""

    address: str


class Condition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One test of a rule; `header` is used by `field="header"` only."""

    field: Literal["from", "to", "cc", "recipient", "subject", "header", "body", "size", "spam"]
    """`recipient` is any of To, Cc and Bcc; `size` compares bytes; `spam` needs no value."""
    match: Literal["contains", "is", "begins", "ends", "matches", "over", "under", "exists"]
    value: str = ""
    header: str = ""
    negate: bool = False


class Action(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing a rule does; `value` is a folder (`/` separates), an address, a flag or a text."""

    do: Literal["file", "copy", "redirect", "redirect_copy", "flag", "discard", "reject", "keep"]
    value: str = ""


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mailbox's rule, in the owner's order."""

    name: str
    enabled: bool
    any_of: bool
    """True: one condition is enough; False: all must hold. No conditions: always."""
    conditions: tuple[Condition, ...]
    actions: tuple[Action, ...]
    stop: bool = True


class RulesPut(Change, frozen=True, kw_only=True):
    """All rules of a mailbox, in order; an empty tuple removes them."""

    address: str
    rules: tuple[Rule, ...]
    script: str = ""
    """A whole Sieve script that holds instead of them; empty: none."""


class SpamSettingsPut(Change, frozen=True, kw_only=True):
    """What a mailbox wants of the spam filter; without it the house's own level holds."""

    address: str
    level: Literal["off", "lenient", "normal", "strict"]
    allow: tuple[str, ...] = ()
    """Addresses, and domains as `@domain`: never filed as spam."""
    deny: tuple[str, ...] = ()
    """Always filed as spam."""


class SendingLimitsPut(Change, frozen=True, kw_only=True):
    """How much the mailboxes of a domain may send; without it there is no limit.

    Times stand in it, not what holds just now, so that a snapshot tells the same at any time.
    """

    domain: str
    mailbox: Ceilings
    """What each mailbox may send that has no ceilings of its own."""
    accounts: tuple[Account, ...]
    """Who they are counted with: their customer, and that one's reseller."""


class DkimKeyPut(Change, frozen=True, kw_only=True):
    """A key with which mail of a domain is signed, or has been until now (RFC 6376).

    One per domain and selector, and one of a domain at most signs. The one before it stays on the
    node, because Rspamd learns of the change some seconds later.
    """

    domain: str
    selector: str
    private_key: str
    """PEM, PKCS#8."""
    signs: bool = True


class DkimKeyGone(Change, frozen=True, kw_only=True):
    """The key ends; mail is no longer signed with it."""

    domain: str
    selector: str


class SuppressionPut(Change, frozen=True, kw_only=True):
    """A mailbox does not write to a recipient until then: they are not there.

    It outlives the mailbox and its domain on the node; the control plane ends it.
    """

    mailbox: str
    recipient: str
    until: dt.datetime
    words: str
    """One printable line for the sender."""


class SuppressionGone(Change, frozen=True, kw_only=True):
    """It may be written to again."""

    mailbox: str
    recipient: str


class ZoneRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One record of a zone; names are whole and without the last dot."""

    name: str
    type: str
    ttl: int
    value: str
    """In presentation format (RFC 1035 §5.1); names in it are whole and end with a dot."""


class ZonePut(Change, frozen=True, kw_only=True):
    """A DNS zone that this node serves."""

    name: str
    serial: int
    """Rises with each change (RFC 1035 §3.3.13)."""
    primary: str
    """The server that the SOA names."""
    contact: str
    """The mailbox of the SOA, written as a name."""
    records: tuple[ZoneRecord, ...]
    """All but the SOA."""


class ZoneGone(Change, frozen=True, kw_only=True):
    """The zone is not served here any more."""

    name: str


class HostNamePut(Change, frozen=True, kw_only=True):
    """A customer's own name for this node: it gets a certificate once it points here."""

    name: str
    domain: str
    """The hosted domain that the name lies in."""
    purpose: Literal["mail", "webmail", "mta-sts", "autoconfig"]
    asked: dt.datetime | None = None
    """When somebody last wanted it tried at once."""


class HostNameGone(Change, frozen=True, kw_only=True):
    """The name is served with the node's own certificate again."""

    name: str


class SendingPlanPut(Change, frozen=True, kw_only=True):
    """How this node's mail leaves; an empty plan is the same as none."""

    plan: SendingPlan


class GuardWordPut(Change, frozen=True, kw_only=True):
    """What somebody has answered about a mailbox that looked stolen; the newest answer holds.

    It outlives the mailbox on the node; the control plane ends it.
    """

    mailbox: str
    word: GuardWord
    at: dt.datetime


class GuardWordGone(Change, frozen=True, kw_only=True):
    """Nothing holds any more: the mailbox is no more."""

    mailbox: str


class BlockLiftPut(Change, frozen=True, kw_only=True):
    """A block of log-ins ends at once; what is blocked anew later is not touched by it."""

    client: str = ""
    """Network address, or an IPv6 network as `2001:db8::/64`; empty: strangers from everywhere."""
    account: str = ""
    """Empty: every one that the client was kept out of."""
    at: dt.datetime
    owner: bool = False
    """Whose account it is has said so from there: the client is known at it from now on."""


class BlockLiftGone(Change, frozen=True, kw_only=True):
    """The word is old; nothing follows from it."""

    client: str = ""
    account: str = ""


class CopyPut(Change, frozen=True, kw_only=True):
    """Mail is to be copied into a mailbox of this node."""

    job: int
    """Number of the copy; unique for ever."""
    address: str
    source: AnySource
    round: int
    """Rises by one for each run; one that was done is not begun again."""
    merge: bool = False
    """False: the mailbox becomes what the source is. True: what came to either stays (after the
    switch, when new mail arrives here)."""
    paused: bool = False
    octets_per_second: int = 0
    """0: as fast as it goes."""
    folders: tuple[tuple[str, str], ...] = ()
    """Source folders with another name here, decoded; those below one go with it, and all others
    keep theirs."""
    special: bool = True
    """Whether what the source calls `spam`, `Sent Items`, … gets the house's name for it, where the
    source has none of that name."""
    without: tuple[str, ...] = ()
    """Source folders that stay behind, decoded, with those below them."""
    anew: bool = False
    """Whether this round compares both sides whole: what came before and is not in the mailbox any
    more comes again, whether it was lost or its user has deleted it."""
    urgent: bool = False
    """Whether mail waits for this round: it goes before others, and nothing is counted."""


class CopyGone(Change, frozen=True, kw_only=True):
    """The copy is not wanted any more; what it has copied stays."""

    job: int


class CopyPacePut(Change, frozen=True, kw_only=True):
    """How much this node copies at once."""

    at_once: int
    octets_per_second: int = 0
    """Of all copies together; 0: no bound."""


class BringBackPut(Change, frozen=True, kw_only=True):
    """What has come into a mailbox since a move was switched is to be brought to its old server.

    What one of `sources` has, or had when it was copied, is there already.
    """

    job: int
    """Number of the return; unique for ever."""
    address: str
    host: str
    """The old mail server, which takes mail by SMTP: a host's name or address; `mx`: those that the
    DNS names for the domain."""
    port: int = 25
    since: dt.datetime
    """From when on mail has arrived here; what is older was here before the move."""
    sources: tuple[CameFrom, ...] = ()
    """An IMAP server among them gets messages into their folders."""
    round: int
    """Rises by one for each look; one that was done is not begun again."""
    anew: bool = False
    """What the old server has refused is handed to it once more."""


class BringBackGone(Change, frozen=True, kw_only=True):
    """The return is not wanted any more; the file of what could not be returned goes."""

    job: int


class PeersPut(Change, frozen=True, kw_only=True):
    """The addresses of nodes of ours that pass on mail to this one, while domains move here.

    They have looked at its content: here its senders' own rules (SPF) would fail.
    """

    addresses: tuple[str, ...] = ()


class RedirectPut(Change, frozen=True, kw_only=True):
    """A host name of an old panel leads to pages of ours, at its old ports too."""

    host: str
    domain: str
    """The hosted domain that came with it; the name need not lie in it."""
    panel: str
    """URL of the page for whoever looked for the panel."""
    webmail: str
    """URL of the page for whoever looked for webmail."""
    until: dt.datetime


class RedirectGone(Change, frozen=True, kw_only=True):
    """The host name is not answered any more."""

    host: str


AnyChange = (
    DomainPut
    | DomainGone
    | MailboxPut
    | MailboxGone
    | StorePurged
    | ForwarderPut
    | ForwarderGone
    | AutoresponderPut
    | AutoresponderGone
    | RulesPut
    | SpamSettingsPut
    | SendingLimitsPut
    | DkimKeyPut
    | DkimKeyGone
    | SuppressionPut
    | SuppressionGone
    | ZonePut
    | ZoneGone
    | HostNamePut
    | HostNameGone
    | SendingPlanPut
    | GuardWordPut
    | GuardWordGone
    | BlockLiftPut
    | BlockLiftGone
    | CopyPut
    | CopyGone
    | CopyPacePut
    | BringBackPut
    | BringBackGone
    | PeersPut
    | RedirectPut
    | RedirectGone
)


class Revision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change with its place in the feed of one server; numbers rise by one without gaps."""

    number: int
    change: AnyChange


class FeedPage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Answer to `GET /feed/v1/{server}/changes?after=N&wait=S`.

    `rebuild` is true when the node must take a snapshot instead: its revision is older than what
    the feed still holds, or newer than what the control plane has ever said.
    """

    version: int
    head: int
    """The newest revision number of this server."""
    revisions: tuple[Revision, ...]
    rebuild: bool = False


class SnapshotHead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """First line of `GET /feed/v1/{server}/snapshot`, a stream of JSON lines.

    Every further line is one `…Put` message; the last line is a `SnapshotEnd`.
    """

    version: int
    revision: int
    """The snapshot holds exactly what the revisions up to this one add up to."""


class SnapshotEnd(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Last line of a snapshot; a stream without it was cut off and must not be applied."""

    count: int
