"""What this node asks of Dovecot, typed."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from mailstead.config import Settings
from mailstead.home import Home
from mailstead.mailplane.engines.served import Served, served

MAIL_USER = "vmail"
FIRST_UID = 100
LUA_PLUGIN = Path("/usr/lib/dovecot/modules/auth/libauthdb_lua.so")
"""Of the package dovecot-auth-lua; with a passdb of a driver that is not there nobody logs in."""
_LIBRARIES = Path("/usr/lib")


@dataclass(frozen=True)
class LoginPolicy:
    """Where Dovecot asks about log-ins, and the secrets that belong to it."""

    port: int
    key: str
    nonce: str


@dataclass(frozen=True)
class PeerDoor:
    """Where other nodes of ours come in, and their password."""

    listen: str
    port: int
    password: str


@dataclass(frozen=True)
class DovecotModel:
    """The settings of one Dovecot instance."""

    home: Home
    hostname: str
    recipient_delimiter: str
    imap: int
    imaps: int
    pop3: int
    pop3s: int
    managesieve: int
    reinject: int
    ipv6: bool
    breached: bool = False
    """Say of each password that opens a mailbox whether it is known from leaks."""
    rehash: bool = False
    """Hand passwords whose hash is of another scheme to the agent, which makes the house's."""
    names: tuple[Served, ...] = ()
    """Host names with a certificate of their own."""
    imap_processes: int = 5000
    """IMAP sessions at once; each holds a process (docs/decisions/0011)."""
    pop3_processes: int = 500
    sieve_processes: int = 200
    lmtp_processes: int = 60
    """Deliveries at once; Postfix opens at most 50."""
    policy: LoginPolicy | None = None
    """None: nobody is asked; the secrets are not made yet."""
    peers: PeerDoor | None = None
    """None: no other node comes in."""
    smtp_processes: int = 1200
    """Postfix's processes that may hold a connection to `auth` or `quota-status`."""


def from_settings(settings: Settings, home: Home) -> DovecotModel:
    """The model that the instance's settings ask for."""
    ports = settings.ports
    return DovecotModel(
        home=home,
        hostname=settings.hostname or socket.getfqdn(),
        recipient_delimiter=settings.recipient_delimiter,
        imap=ports.of("imap"),
        imaps=ports.of("imaps"),
        pop3=ports.of("pop3"),
        pop3s=ports.of("pop3s"),
        managesieve=ports.of("managesieve"),
        reinject=ports.of("reinject"),
        ipv6=Path("/proc/net/if_inet6").exists(),
        breached=settings.passwords.breached != "off" and LUA_PLUGIN.exists(),
        rehash=hands_over(),
        names=served(home),
        policy=_policy(settings, home),
        peers=_peers(settings, home),
    )


def _peers(settings: Settings, home: Home) -> PeerDoor | None:
    if not settings.moves.listen or not home.doveadm_password.exists():
        return None
    every = "*, ::" if Path("/proc/net/if_inet6").exists() else "*"
    return PeerDoor(
        listen=every if settings.moves.listen == "*" else settings.moves.listen,
        port=settings.ports.of("doveadm"),
        password=home.doveadm_password.read_text(encoding="ascii").strip(),
    )


def hands_over() -> bool:
    """Whether Dovecot has what it hands passwords over with: Debian's lua-socket, for its Lua."""
    return LUA_PLUGIN.exists() and any(_LIBRARIES.glob("*/lua/5.4/socket/unix.so"))


def _policy(settings: Settings, home: Home) -> LoginPolicy | None:
    if not (home.login_key.exists() and home.login_nonce.exists()):
        return None
    return LoginPolicy(
        port=settings.ports.of("logins"),
        key=home.login_key.read_text(encoding="ascii").strip(),
        nonce=home.login_nonce.read_text(encoding="ascii").strip(),
    )
