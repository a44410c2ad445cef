"""Up: what a node tells the control plane, one frozen message per thing that happened.

Times are UTC, sizes bytes. `id` is made by the node and unique for ever, so that a batch sent
twice is recorded once.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

import msgspec

from mailstead.wire.moves import BringBackState, CopyState, FolderCount
from mailstead.wire.pools import MailClass, RestKind
from mailstead.wire.protection import BlockReason, CaseStep, ClientSeen, Clue
from mailstead.wire.sending import Ceilings


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag=True):
    """Base of all messages; on the wire `{"type": "UsageSeen", …}`."""

    id: str
    at: dt.datetime


class Applied(Event, frozen=True, kw_only=True):
    """The node's directory now answers as of `revision`, in every engine."""

    revision: int


class ApplyFailed(Event, frozen=True, kw_only=True):
    """A revision could not be applied; the node stays at the one before and keeps trying."""

    revision: int
    words: str


class UsageSeen(Event, frozen=True, kw_only=True):
    """The storage that a mailbox uses changed."""

    store: str
    bytes: int
    messages: int


class SendingSeen(Event, frozen=True, kw_only=True):
    """What a mailbox, or a customer's mailboxes together, have sent through this node until `at`.

    Either `address` or `customer` is set.
    """

    address: str = ""
    customer: int = 0
    used: Ceilings
    """All four are given."""
    page: str = ""
    """Why the last one was refused (`sending.Page`); empty: none was within two days."""
    refused: int = 0
    """How often in those."""
    refused_at: dt.datetime | None = None


class SignInSeen(Event, frozen=True, kw_only=True):
    """Log-ins of a mailbox since the last such message: `at` is the last one's time."""

    store: str
    protocol: Literal["imap", "pop3", "smtp", "sieve"]
    client: str
    """Network address."""
    credential: int
    """Which password opened it; 0: not known."""
    failed: bool
    """A wrong password."""
    count: int
    first: dt.datetime


class BreachedPasswordSeen(Event, frozen=True, kw_only=True):
    """A mailbox was opened with a password that is known from leaks; told once a credential."""

    mailbox: str
    credential: int
    """Number of the password, which itself nobody is told."""


class PasswordRehashed(Event, frozen=True, kw_only=True):
    """The password that has just opened a mailbox, in the house's scheme: its hash is of another.

    The control plane stores it as long as the mailbox has that password.
    """

    mailbox: str
    credential: int
    """Number of the password: another one has another."""
    secret: str


class StoreGone(Event, frozen=True, kw_only=True):
    """The mail of a purged mailbox is deleted."""

    store: str


class EventsLost(Event, frozen=True, kw_only=True):
    """The node's event spool was full while the control plane was away: `count` were dropped."""

    count: int


class NodeSeen(Event, frozen=True, kw_only=True):
    """How the node is, and what its engines' logs counted since the last one, once a minute."""

    seconds: int
    """For which was counted."""
    inbound: int = 0
    """Messages from the world that were taken."""
    submitted: int = 0
    """Messages of our own users that were taken."""
    stored: int = 0
    """Recipients into whose mailbox a message came."""
    sent: int = 0
    """Recipients elsewhere whose server took a message."""
    deferred: int = 0
    """Attempts that will be made again."""
    bounced: int = 0
    rejected: int = 0
    """Recipients and messages refused while the other side waited."""
    logins: int = 0
    """IMAP, POP3 and ManageSieve."""
    logins_failed: int = 0
    """The same and SMTP."""
    guard_asked: int = 0
    """Recipients and messages of our own users that the guard has judged."""
    guard_slowed: int = 0
    """Messages that may come again in ten minutes, because the mailbox looks odd."""
    guard_held: int = 0
    guard_refused: int = 0
    """Messages of mailboxes that look stolen, for good."""
    guard_limited: int = 0
    """Messages and recipients that another rule of the policy refused, as a sending limit."""
    guard_cases: int = 0
    """Mailboxes that began to look stolen."""
    guard_released: int = 0
    guard_confirmed: int = 0
    guard_logins: int = 0
    """Log-ins of all protocols about which it was asked."""
    guard_logins_blocked: int = 0
    guard_took_0: int = 0
    """Answers to questions of mail by the time they took (`wire.protection.TOOK_BOUNDS`)."""
    guard_took_1: int = 0
    guard_took_2: int = 0
    guard_took_3: int = 0
    guard_took_4: int = 0
    guard_took_5: int = 0
    guard_took_6: int = 0
    guard_took_7: int = 0
    passwords_leaked: int = 0
    """Log-ins with a password that is known from leaks."""
    queue_active: int = 0
    queue_deferred: int = 0
    queue_hold: int = 0
    queue_incoming: int = 0
    disk_free: int = 0
    disk_total: int = 0
    load: float = 0.0
    """Of the last minute."""
    memory_available: int = 0
    memory_total: int = 0
    revision: int = 0


Direction = Literal["in", "submitted", "handed-back", "own"]
Outcome = Literal[
    "filed",
    "sent",
    "forwarded",
    "discarded",
    "rejected",
    "deferred",
    "bounced",
    "expired",
    "held",
    "released",
    "deleted",
]


class MessageSeen(Event, frozen=True, kw_only=True):
    """A message was taken into the queue."""

    queue: str
    """Its number in the node's queue, never used twice."""
    direction: Direction
    """From the world, from a log-in of ours, from Sieve, from the node itself (bounces)."""
    message_id: str = ""
    """Without its angle brackets."""
    sender: str = ""
    """Of the envelope; empty: a notification."""
    login: str = ""
    """The mailbox whose password opened the session, when submitted."""
    client: str = ""
    """Network address."""
    size: int = 0
    subject: str = ""
    """Keyed hash of its subject (`standards.subject`)."""


class AttemptSeen(Event, frozen=True, kw_only=True):
    """What became of a message for one recipient, once for each attempt.

    Without a recipient it holds for all who do not have the message yet: expired, held, released,
    deleted.
    """

    queue: str
    outcome: Outcome
    recipient: str = ""
    original: str = ""
    """The address as the sender wrote it, where it led to another one."""
    by: str = ""
    """The mailbox whose rule handed the message back to be forwarded, or whose automatic answer it
    is."""
    relay: str = ""
    """Name of the other side's server."""
    dsn: str = ""
    """Enhanced status code (RFC 3463)."""
    reply: str = ""
    folder: str = ""
    """Into which it was filed."""
    forwarded: tuple[str, ...] = ()
    """Where the mailbox's rules sent it on."""
    next_try: dt.datetime | None = None
    source: str = ""
    """By which sending address (`wire.pools.by_address`), `fallback`, or `direct`: by none of them;
    empty: it did not leave."""


class RefusalSeen(Event, frozen=True, kw_only=True):
    """A recipient or a message was refused while the other side waited."""

    client: str
    sender: str
    recipient: str
    words: str
    """Code and text as the other side was told."""
    submitted: bool = False
    """By a log-in of ours to which the sender's address belongs."""


class ListingSeen(Event, frozen=True, kw_only=True):
    """A DNS list (RFC 5782) has begun or ceased to name one of the node's addresses or names."""

    subject: str
    """IPv4 or IPv6 address, or domain name."""
    zone: str
    """The list."""
    listed: bool
    since: dt.datetime
    answers: tuple[str, ...] = ()
    """The A records that it answered with."""
    words: str = ""
    """The list's own: mostly where to read why."""


class ReturnedRecipient(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom a message did not reach, as another host says."""

    recipient: str
    status: str
    """Enhanced status code (RFC 3463)."""
    words: str = ""


class ReturnSeen(Event, frozen=True, kw_only=True):
    """A notification came that a message, sent before, failed elsewhere (RFC 3464).

    Anybody can send one about anything: it proves nothing.
    """

    queue: str
    """Number of the notification itself."""
    message_id: str
    """Of the message that it is about, without angle brackets."""
    host: str
    """Who reports, by its own word."""
    recipients: tuple[ReturnedRecipient, ...]


ReportKind = Literal["dmarc", "tls", "complaint"]
"""DMARC aggregates, TLS reports, complaints (ARF): by the address to which it was sent."""
REPORT_KINDS: tuple[ReportKind, ...] = ("dmarc", "tls", "complaint")


class ReportReceived(Event, frozen=True, kw_only=True):
    """A message to one of the node's addresses for reports; `at` is when it came."""

    kind: ReportKind
    raw: Annotated[bytes, msgspec.Meta(max_length=4 * 2**20)]
    """The whole message, with the envelope's sender in `Return-Path`."""


CertificateState = Literal["waiting", "elsewhere", "refused", "failed", "valid", "expiring", "off"]


class CertificateSeen(Event, frozen=True, kw_only=True):
    """How it stands with the certificate of one host name; told when it changes."""

    name: str
    state: CertificateState
    """`waiting`: not tried yet; `elsewhere`: the name does not point here; `refused`: the domain
    forbids the authority (CAA); `failed`: the last order failed; `expiring`: valid, but it should
    have been renewed by now; `off`: certificates are not switched on."""
    words: str = ""
    """What is wrong, one sentence or two; empty when nothing is."""
    not_after: dt.datetime | None = None
    """Of the certificate in service; None: the node's own is shown."""
    next_try: dt.datetime | None = None
    node: bool = False
    """A name of the node itself, not a customer's."""
    alarm: int = 0
    """It ends within so many days and was not renewed; 0: no reason to worry."""


class AddressRested(Event, frozen=True, kw_only=True):
    """A sending address takes a rest from a receiver; told again when the rest grows."""

    address: int
    receiver: str
    """`*`: from all."""
    kind: RestKind
    until: dt.datetime
    times: int = 1
    """How often in a row."""
    reply: str = ""


class AddressReturned(Event, frozen=True, kw_only=True):
    """The rest of a sending address is over."""

    address: int
    receiver: str
    kind: RestKind


class RouteChosen(Event, frozen=True, kw_only=True):
    """Mail of a class to a receiver goes another way from now on, and why."""

    mail_class: MailClass
    receiver: str
    way: str
    """As `AttemptSeen.source`; `wait`: it is kept."""
    why: str


class SentToday(Event, frozen=True, kw_only=True):
    """How many recipients at a receiver an address was chosen for on a day (UTC)."""

    address: int
    receiver: str
    day: dt.date
    count: int
    ceiling: int | None = None
    """None: no ceiling."""


class CaseSeen(Event, frozen=True, kw_only=True):
    """A mailbox looks stolen; told again when its step changes or much more speaks for it."""

    case: str
    """Unique for ever."""
    mailbox: str
    step: CaseStep
    opened: dt.datetime
    nats: float
    """All that speaks for it together, less what speaks for the owner."""
    bound: float
    """From so many nats on it counts as stolen."""
    clues: tuple[Clue, ...]
    """What weighs most, the heaviest first."""
    clients: tuple[ClientSeen, ...] = ()
    """The newest first."""
    messages: int = 0
    """Suspicious ones that had gone before it was noticed, those pulled back aside."""
    recipients: int = 0
    """Of those."""
    held: int = 0
    """Messages of the case that were kept."""


class MessageKept(Event, frozen=True, kw_only=True):
    """The guard keeps a message in the hold queue until somebody decides."""

    case: str
    mailbox: str
    queue: str
    """Its number in the node's queue."""
    taken: dt.datetime
    sender: str
    recipients: tuple[str, ...]
    """The first ones."""
    recipient_count: int
    size: int
    subject: str = ""
    """Decoded, cut after some length."""
    client: str = ""
    """Network address."""
    pulled: bool = False
    """It was in the queue already and was taken back."""


class BlockSeen(Event, frozen=True, kw_only=True):
    """Log-ins are refused, or (`over`) are not any more; told again when it changes."""

    client: str = ""
    """Network address, or an IPv6 network as `2001:db8::/64`; empty: strangers from everywhere."""
    account: str = ""
    """As it was typed, there or not; empty: every one at which the client is not known."""
    reason: BlockReason
    since: dt.datetime
    until: dt.datetime
    count: int = 0
    """Log-ins that were refused for it."""
    over: bool = False


class CopySeen(Event, frozen=True, kw_only=True):
    """How far a copy is: when its state changes, and every few seconds while it goes on."""

    job: int
    round: int
    state: CopyState
    messages: int = 0
    """Done in this round."""
    messages_all: int = 0
    """To do in this round, as far as known."""
    octets: int = 0
    octets_all: int = 0
    folder: str = ""
    """Which it is at."""
    seconds: float = 0.0
    """Spent on this round."""
    words: str = ""
    """Why it failed, or what is worth telling of a finished one; one line each."""
    uids_kept: bool = True
    """False: a way had to be taken that gives messages new UIDs."""


class CopyCounted(Event, frozen=True, kw_only=True):
    """Source and mailbox after a round, each counted by a pass of its own."""

    job: int
    round: int
    source: tuple[FolderCount, ...]
    target: tuple[FolderCount, ...]


class BringBackSeen(Event, frozen=True, kw_only=True):
    """How far a return is: when its state changes, and every few seconds while it goes on.

    The counts are of all its rounds together; each message is one, however often it lies here.
    """

    job: int
    round: int
    state: BringBackState
    """`failed`: the old server cannot be reached, or wants to be asked again later."""
    arrived: int = 0
    """Delivered here since the switch."""
    saved: int = 0
    """Sent, drafted or saved here by the user since then."""
    returned: int = 0
    failed: int = 0
    """The old server refuses them, or may have them and did not say so."""
    kept: int = 0
    """Messages in the file of what is not at the old server."""
    kept_octets: int = 0
    seconds: float = 0.0
    """Spent on this round."""
    words: str = ""
    """Why it failed, or what is worth telling; one line each."""


class DoorSeen(Event, frozen=True, kw_only=True):
    """Where this node lets other nodes of ours in by doveadm, or that it does not (`port` 0)."""

    host: str = ""
    port: int = 0
    password: str = ""
    certificate: str = ""
    """PEM of its certificate, where that was signed by itself."""
    addresses: tuple[str, ...] = ()
    """From which this node connects to others."""


class RedirectUsed(Event, frozen=True, kw_only=True):
    """Somebody has come by an old address since it was last told of."""

    host: str
    via: str
    """The old port, the old path or both: `2083`, `/webmail`, `2222/roundcube`; `/`: neither."""
    count: int
    last: dt.datetime


class OldPortSeen(Event, frozen=True, kw_only=True):
    """An old panel's port is wanted for redirects and cannot be had, or it can again."""

    port: int
    holder: str = ""
    """Which process has it; empty: the redirects have it, or need it no more."""


AnyEvent = (
    Applied
    | ApplyFailed
    | UsageSeen
    | SignInSeen
    | BreachedPasswordSeen
    | PasswordRehashed
    | SendingSeen
    | StoreGone
    | EventsLost
    | NodeSeen
    | MessageSeen
    | AttemptSeen
    | RefusalSeen
    | ListingSeen
    | ReturnSeen
    | ReportReceived
    | CertificateSeen
    | AddressRested
    | AddressReturned
    | RouteChosen
    | SentToday
    | CaseSeen
    | MessageKept
    | BlockSeen
    | CopySeen
    | CopyCounted
    | BringBackSeen
    | DoorSeen
    | RedirectUsed
    | OldPortSeen
)


class EventBatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `POST /feed/v1/{server}/events`; answered 204 when all are recorded."""

    version: int
    events: tuple[AnyEvent, ...]
