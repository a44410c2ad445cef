"""What this node asks of Postfix, typed."""

from __future__ import annotations

import pwd
import socket
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from mailstead.config import Settings
from mailstead.home import Home
from mailstead.wire.pools import SendingPlan

TIGHT = "tight"
"""The map of mailboxes with little room left; the node keeps it, not the directory."""
ROOM = "room"
"""What that map answers: the restriction that asks Dovecot whether the message fits."""
NAMES = "names"
"""The map of host names with a certificate of their own; the node keeps it (served.py)."""
MAP_NAMES = (
    "domains",
    "recipients",
    "aliases",
    "transport",
    "senders",
    "classes",
    "credentials",
    "peers",
    TIGHT,
)
GENERATION = "generation"
"""The empty table that is touched when the hosted domains change."""
CERTIFICATE = "certificate"
"""The empty table that is touched when the host's own certificate changes."""
MAIL_USER = "vmail"
PROGRAMS = Path("/usr/lib/postfix/sbin")
COMMANDS = Path("/usr/sbin")


@dataclass(frozen=True)
class PostfixModel:
    """The settings of one Postfix instance; sizes are bytes."""

    home: Home
    hostname: str
    operator: str
    """Gets the host's own mail; empty: it is kept in `<home>/postmaster`."""
    recipient_delimiter: str
    message_limit: int
    smtp: int
    submission: int
    submissions: int
    reinject: int
    forward: int
    """Port on loopback where forwarded mail gets a sender of this node's (SRS)."""
    srs: int
    srs_back: int
    """Ports on loopback of PostSRSd's tables."""
    ipv6: bool
    milter: str | None
    """Postfix's address of the milter; None: no content is looked at."""
    reports: tuple[tuple[str, str], ...] = ()
    """Local parts at the host's name that take reports, each with its box in `home.reports`."""
    dane: bool = False
    """The node's resolver validates, so that DANE can be believed."""
    tls_policy: str = ""
    """Postfix's name of the table that says how the way to a domain is secured; empty: none."""
    authorities: str = ""
    """File of certificate authorities besides the system's; empty: none."""
    mail_owner: tuple[int, int] = (0, 0)
    """User and group number of the user that owns mail; asked for where no operator is named."""
    inbound_processes: int = 100
    """Sessions at once on port 25."""
    submission_processes: int = 500
    """Sessions at once on each of 587 and 465."""
    sending: SendingPlan = field(default_factory=SendingPlan)
    """By which addresses mail leaves; none: as the system's routing wants."""

    @property
    def postmaster(self) -> Path:
        """The Maildir that keeps the host's own mail when no operator is named."""
        return self.home.root / "postmaster"


def from_settings(settings: Settings, home: Home) -> PostfixModel:
    """The model that the instance's settings ask for; the user `vmail` must exist."""
    owner = pwd.getpwnam(MAIL_USER)
    return PostfixModel(
        home=home,
        hostname=settings.hostname or socket.getfqdn(),
        operator=settings.operator,
        recipient_delimiter=settings.recipient_delimiter,
        message_limit=settings.storage.message_limit,
        smtp=settings.ports.of("smtp"),
        submission=settings.ports.of("submission"),
        submissions=settings.ports.of("submissions"),
        reinject=settings.ports.of("reinject"),
        forward=settings.ports.of("forward"),
        srs=settings.ports.of("srs"),
        srs_back=settings.ports.of("srs_back"),
        ipv6=Path("/proc/net/if_inet6").exists(),
        milter=f"unix:{home.rspamd_milter_socket}" if settings.spam.scan else None,
        reports=(
            (settings.reports.dmarc, "dmarc"),
            (settings.reports.tls, "tls"),
            (settings.reports.complaints, "complaint"),
        ),
        dane=settings.dns.validate,
        tls_policy=f"socketmap:unix:{home.tlspolicy_socket}:tls",
        authorities=settings.transport.authorities,
        mail_owner=(owner.pw_uid, owner.pw_gid),
        sending=sending_plan(home),
    )


def sending_plan(home: Home) -> SendingPlan:
    """The plan that the agent has had last; an empty one where there is none."""
    try:
        return msgspec.json.decode(home.sending_plan.read_bytes(), type=SendingPlan)
    except FileNotFoundError:
        return SendingPlan()


def srs_file(model: PostfixModel) -> Path:
    """The pattern of the senders that this node has rewritten."""
    return model.home.postfix / "srs.regexp"


def facts_file(model: PostfixModel) -> Path:
    """The patterns of the headers in which Rspamd tells of a message."""
    return model.home.postfix / "facts.regexp"
