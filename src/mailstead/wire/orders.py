"""Down and up again: what the control plane asks a node to do or to look up, and the answers.

An order reaches the node at least once and may reach it again when its answer was lost, so each
does no harm a second time. Every list is bounded and says when it was cut. Sizes are bytes, ages
seconds, times UTC.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from mailstead.standards.refusal import Refusal
from mailstead.wire.moves import ImapSource

MOST_IDS = 500
"""Messages that one order may name."""
MOST_LOG_INS = 10
"""Mailboxes that one `TryImap` may name."""
LARGEST_SCRIPT = 256 * 2**10
LARGEST_MESSAGE = 512 * 2**10
"""Characters of what `TestRules` carries."""

# Postfix's long queue ids; never `ALL`, which postsuper(1) takes for every message.
_QUEUE_ID = r"\A[0-9A-Za-z]{10,24}\Z"
QueueId = Annotated[str, Meta(pattern=_QUEUE_ID)]
QueueIds = Annotated[tuple[QueueId, ...], Meta(min_length=1, max_length=MOST_IDS)]
QueueName = Literal["active", "deferred", "hold", "incoming"]
# No wildcard, which doveadm(1) would expand, and no option.
_ADDRESS = r"[^-\s*?@\x00][^\s*?@\x00]*@[^\s*?@\x00]+"
Address = Annotated[str, Meta(pattern=rf"\A{_ADDRESS}\Z", max_length=320)]
AddressOrNone = Annotated[str, Meta(pattern=rf"\A({_ADDRESS})?\Z", max_length=320)]
Word = Annotated[str, Meta(max_length=320)]


def queue_ids(ids: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """Numbers of messages in a queue, each once; raises `Refusal` (`queue-id-invalid`)."""
    found = tuple(dict.fromkeys(ids))
    if not 1 <= len(found) <= MOST_IDS:
        raise Refusal(
            "queue-ids-many",
            "Between 1 and {most} messages can be named at once.",
            remedy="Choose some of them.",
            most=MOST_IDS,
        )
    for number in found:
        if not re.fullmatch(_QUEUE_ID, number):
            raise Refusal(
                "queue-id-invalid",
                "{number} is not the number of a message in the queue.",
                number=ascii(number[:40]),
            )
    return found


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag=True):
    """Base of all orders; on the wire `{"type": "ListQueue", …}`."""


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag=True):
    """Base of all answers."""


class ListQueue(Order, frozen=True, kw_only=True):
    """Which messages wait, and why; an empty word does not narrow."""

    queue: QueueName | Literal[""] = ""
    sender_domain: Word = ""
    """`<>` finds messages without a sender (bounces)."""
    recipient_domain: Word = ""
    reason: Word = ""
    """Part of the words of the other side, capitals aside."""
    older_than: int = 0
    newest_first: bool = False
    limit: Annotated[int, Meta(ge=0, le=1000)] = 200


class QueuedRecipient(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One recipient whom the message has not reached."""

    address: str
    reason: str = ""


class QueuedMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One message that waits; `recipients` are the first of `recipient_count`."""

    id: str
    queue: str
    arrived: dt.datetime
    size: int
    sender: str
    recipients: tuple[QueuedRecipient, ...]
    recipient_count: int


class Count(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many messages have a name in common."""

    name: str
    count: int


class QueueListed(Answer, frozen=True, kw_only=True):
    """Answer to `ListQueue`.

    `queues`, `domains` and `reasons` count the messages that match, the most frequent first (a
    message with recipients in two domains counts in both). `cut`: the queue was longer than what
    was looked at, all numbers are then at least so large.
    """

    messages: tuple[QueuedMessage, ...]
    matching: int
    total: int
    queues: tuple[Count, ...]
    domains: tuple[Count, ...]
    reasons: tuple[Count, ...]
    cut: bool = False


class HoldMail(Order, frozen=True, kw_only=True):
    """Keep these messages in the queue until they are released."""

    ids: QueueIds


class ReleaseMail(Order, frozen=True, kw_only=True):
    """Let held messages go on."""

    ids: QueueIds


class DeleteMail(Order, frozen=True, kw_only=True):
    """Remove these messages for ever; nobody is told."""

    ids: QueueIds


class RequeueMail(Order, frozen=True, kw_only=True):
    """Try these deferred messages now."""

    ids: QueueIds


class MailMoved(Answer, frozen=True, kw_only=True):
    """Answer to the four orders on messages: with which it was done, and which were not there."""

    done: tuple[str, ...]
    missing: tuple[str, ...] = ()


class ListFolders(Order, frozen=True, kw_only=True):
    """The folders of a mailbox and what is in them."""

    address: Address


class Folder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One folder; `/` separates the levels of its name."""

    name: str
    bytes: int
    messages: int
    unseen: int = 0


class FoldersListed(Answer, frozen=True, kw_only=True):
    """Answer to `ListFolders`."""

    folders: tuple[Folder, ...]
    cut: bool = False


class ListSessions(Order, frozen=True, kw_only=True):
    """Who is connected to Dovecot now; an empty address asks for everybody."""

    address: AddressOrNone = ""


class MailSession(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An IMAP, POP3 or ManageSieve session."""

    address: str
    protocol: str
    """`imap`, `pop3`, `sieve`."""
    ip: str
    pid: int


class SessionsListed(Answer, frozen=True, kw_only=True):
    """Answer to `ListSessions`."""

    sessions: tuple[MailSession, ...]
    total: int
    cut: bool = False


class EndSessions(Order, frozen=True, kw_only=True):
    """End every IMAP, POP3 and ManageSieve session of a mailbox; it may log in again."""

    address: Address


class SessionsEnded(Answer, frozen=True, kw_only=True):
    """Answer to `EndSessions`."""

    count: int


class TestRules(Order, frozen=True, kw_only=True):
    """What would a Sieve script do with a message? Nothing is stored or sent."""

    __test__ = False  # not a test, whatever pytest thinks of its name
    script: Annotated[str, Meta(max_length=LARGEST_SCRIPT)]
    message: Annotated[str, Meta(max_length=LARGEST_MESSAGE)]
    sender: Word = ""
    """Of the envelope; empty: what the message says."""
    recipient: Word = ""


class Happening(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that would happen; `value` is the folder, the address or the text."""

    do: Literal["file", "redirect", "discard", "reject", "answer", "other"]
    value: str = ""
    flags: tuple[str, ...] = ()


class RulesTested(Answer, frozen=True, kw_only=True):
    """Answer to `TestRules`; `error` says why the script cannot be run at all."""

    happenings: tuple[Happening, ...] = ()
    error: str = ""


class NodeState(Order, frozen=True, kw_only=True):
    """How the node is."""


class NodeProcess(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A process that the supervisor keeps running; `seconds` since its start."""

    name: str
    state: str
    pid: int
    seconds: int


class NodeSeenNow(Answer, frozen=True, kw_only=True):
    """Answer to `NodeState`."""

    processes: tuple[NodeProcess, ...]
    disk_free: int
    disk_total: int
    load: tuple[float, float, float]
    """Of the last 1, 5 and 15 minutes."""
    cores: int
    memory_available: int
    memory_total: int
    versions: dict[str, str]
    """Engine to version, as Debian has it."""
    revision: int
    """What the directory answers as of."""


class LookAtLimits(Order, frozen=True, kw_only=True):
    """What the node has room for, before mail is moved to it."""


class LimitsLooked(Answer, frozen=True, kw_only=True):
    """Answer to `LookAtLimits`; what is not told by the system is 0.

    Each IMAP client that waits for news (IDLE) takes an inotify instance of the mail user and a
    watch for each folder it looks at, a process, and a few open files.
    """

    inotify_instances: int
    """`fs.inotify.max_user_instances`, for each user."""
    inotify_instances_used: int
    """By the mail user."""
    inotify_watches: int
    """`fs.inotify.max_user_watches`, for each user."""
    inotify_watches_used: int
    open_files: int
    """`fs.file-max`."""
    open_files_used: int
    open_files_process: int
    """What Dovecot's own process may open."""
    processes: int
    """The lower of `kernel.pid_max` and `kernel.threads-max`."""
    processes_used: int
    imap_sessions: int
    """What Dovecot allows at once."""
    pop3_sessions: int
    sieve_sessions: int
    deliveries: int
    disk_free: int
    """Where the mail lies, for us (the system's reserve is not in it)."""
    disk_total: int
    inodes_free: int
    """Files and directories that can still be made; 0: the file system has no bound."""
    inodes_total: int
    memory_available: int
    memory_total: int
    mailboxes: int
    """That are here now."""


class LookAtLists(Order, frozen=True, kw_only=True):
    """Ask the DNS lists now whether they name this node's addresses and names."""


class ListedNow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list that names an address or a name of the node."""

    subject: str
    zone: str
    words: str = ""
    """The list's own."""


class ListsLooked(Answer, frozen=True, kw_only=True):
    """Answer to `LookAtLists`; what changed is told by events as well."""

    listed: tuple[ListedNow, ...]
    silent: tuple[str, ...] = ()
    """Lists of which nothing can be learnt: they do not answer, or refuse this node."""


class RestAddress(Order, frozen=True, kw_only=True):
    """Let a sending address rest from a receiver, or end its rest."""

    address: int
    receiver: Annotated[str, Meta(pattern=r"\A(\*|[a-z0-9.-]{1,253})\Z")]
    """`*`: all."""
    until: dt.datetime | None = None
    """None: the rest ends."""


class AddressOrdered(Answer, frozen=True, kw_only=True):
    """It is done; the event that follows says the same."""


class TellComplaint(Order, frozen=True, kw_only=True):
    """Let the guard know that somebody has called a message of the mailbox spam."""

    mailbox: Address
    at: dt.datetime


class ComplaintTold(Answer, frozen=True, kw_only=True):
    """The guard hears of it; where it does not watch, nobody does."""


class TryImap(Order, frozen=True, kw_only=True):
    """Try whether mailboxes of another server can be read, and look how much is in them.

    In the control plane's rows its sources have no passwords, and the address here as their user:
    the rest is added when it is handed out.
    """

    sources: Annotated[tuple[ImapSource, ...], Meta(min_length=1, max_length=MOST_LOG_INS)]


class ImapFound(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one log-in has found."""

    problem: str = ""
    """Why it did not go well; empty: it did."""
    away: bool = False
    """The server could not be reached at all: others will fare alike."""
    capabilities: tuple[str, ...] = ()
    prefix: str = ""
    """Of its personal name space, as `INBOX.`."""
    separator: str = ""
    uses: tuple[tuple[str, str], ...] = ()
    """Folders with a use (RFC 6154), decoded, and the house's name for each."""
    folders: tuple[str, ...] = ()
    """Decoded, without the INBOX; the first of them, where `cut`."""
    messages: int = 0
    octets: int = 0
    cut: bool = False
    """There are more folders, or the time was over: all numbers are at least so large."""


class ImapTried(Answer, frozen=True, kw_only=True):
    """Answer to `TryImap`: in the order of its sources, fewer where the time was over."""

    found: tuple[ImapFound, ...]


class PackMail(Order, frozen=True, kw_only=True):
    """Pack the export that lies in `<home>/exports/NUMBER/` (`wire.exports`), or go on with it."""

    export: Annotated[int, Meta(ge=1)]


class PackingBegun(Answer, frozen=True, kw_only=True):
    """It is packed; how far it is stands beside it."""


AnyOrder = (
    ListQueue
    | HoldMail
    | ReleaseMail
    | DeleteMail
    | RequeueMail
    | ListFolders
    | ListSessions
    | EndSessions
    | TestRules
    | NodeState
    | LookAtLimits
    | LookAtLists
    | RestAddress
    | TellComplaint
    | TryImap
    | PackMail
)
AnyAnswer = (
    QueueListed
    | MailMoved
    | FoldersListed
    | SessionsListed
    | SessionsEnded
    | RulesTested
    | NodeSeenNow
    | LimitsLooked
    | ListsLooked
    | AddressOrdered
    | ComplaintTold
    | ImapTried
    | PackingBegun
)


class Given(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order with its number."""

    number: int
    left: float
    """Seconds in which it may still be done; after that the control plane has given up."""
    order: AnyOrder


class OrderPage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Answer to `GET /feed/v1/{server}/orders?wait=S`: what is not answered yet, oldest first."""

    version: int
    orders: tuple[Given, ...]


class Answered(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order's answer, or in `words` why there is none."""

    number: int
    answer: AnyAnswer | None = None
    words: str = ""


class AnswerBatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `POST /feed/v1/{server}/answers`; answered 204 when all are recorded."""

    version: int
    answers: tuple[Answered, ...]
