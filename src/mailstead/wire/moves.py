"""The words about copies of mail, which a node makes for a move (`changes`, `events`).

A copy fills one mailbox of the node from one source. It goes in rounds: each copies what the one
before has not, and costs in proportion to that. Sizes are bytes.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the parts."""


class FilesSource(Part, frozen=True, kw_only=True, tag="files"):
    """Mail in a directory that the node can read."""

    path: str
    """Absolute, on the node."""
    kind: Literal["maildir", "mdbox", "mbox"] = "maildir"
    names: Literal["utf-8", "mutf-7", "ambiguous"] = "mutf-7"
    """How folder names are written on disk."""
    uidl: str = "%08Xu%08Xv"
    """How its POP3 server named messages that have no such name of their own: Dovecot's
    `pop3_uidl_format`. The house's is the default."""


class ImapSource(Part, frozen=True, kw_only=True, tag="imap"):
    """Mail on an IMAP server."""

    host: str
    port: int
    tls: Literal["imaps", "starttls", "none"]
    user: str
    password: str = ""
    """Never in the feed: the node asks for the whole source when a run begins
    (`GET /feed/v1/{server}/copies/{job}`), and keeps it in the memory of that run alone."""
    master_user: str = ""
    """Logs in for `user` (`user*master` is made of it); the password is its own."""
    prefix: str = ""
    """Of its personal namespace, as `INBOX.`; empty: what the server says."""
    verify: bool = True
    """Whether its certificate must be valid for `host`."""


class NodeSource(Part, frozen=True, kw_only=True, tag="node"):
    """The mailbox of the same address on another node of ours.

    Without `CopyPut.merge` it is copied here; with it, once it was, each gets what only the other
    has.
    """

    server: str
    host: str = ""
    port: int = 0
    """Of the other node's doveadm, which speaks TLS there."""
    password: str = ""
    """The other node's `doveadm_password`; empty in the feed: a node asks when a run begins."""
    authority: str = ""
    """Path here of the certificates that may vouch for the other node; empty: the system's."""
    certificate: str = ""
    """PEM that may vouch for it besides: its own, where no authority has signed that."""


AnySource = FilesSource | ImapSource | NodeSource


class FolderCount(Part, frozen=True, kw_only=True):
    """What one folder holds, counted anew and not while copying."""

    folder: str
    """As it is called here: decoded, `/` between levels; `INBOX`."""
    found_as: str = ""
    """What the source calls it, where that is another name."""
    messages: int
    octets: int
    uid_validity: int
    uid_next: int
    flags: dict[str, int] = {}
    """How many messages have each flag or keyword."""
    subscribed: bool = False
    uids: str = ""
    """SHA-256 over the UIDs in order, and the size of each message's text: equal where every
    message has kept its UID."""
    uidls: str = ""
    """SHA-256 over what POP3 calls them, in order; empty: not told."""


CopyState = Literal["waiting", "copying", "paused", "done", "failed"]


class CameFrom(Part, frozen=True, kw_only=True):
    """A source from which a mailbox was filled, with the number of the copy that did it."""

    copy: int
    source: AnySource | None = None
    """None: nobody can look there any more."""


BringBackState = Literal["waiting", "returning", "done", "failed"]
