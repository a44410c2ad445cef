"""The instance's settings: `mailstead.toml` in its home becomes one frozen `Settings`.

Each field says its meaning, unit and default; `docs/reference/settings.md` is made from them. A
wrong value stops the program at start with one sentence that names the field.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from pathlib import Path
from typing import Literal

import msgspec

from mailstead.standards.address import normalise_domain
from mailstead.standards.refusal import Refusal

DEFAULT_HOME = Path("/var/lib/mailstead")
HOME_VARIABLE = "MAILSTEAD_HOME"
FILE_NAME = "mailstead.toml"


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all sections."""


class Ports(_Section, frozen=True, kw_only=True):
    """TCP ports; `offset` is added to each, so that a second instance fits beside the first."""

    offset: int = 0
    """Added to every port below; 0 to 60000."""
    smtp: int = 25
    submission: int = 587
    submissions: int = 465
    imap: int = 143
    imaps: int = 993
    pop3: int = 110
    pop3s: int = 995
    managesieve: int = 4190
    reinject: int = 10026
    """Loopback only: where Dovecot's Sieve hands back redirected mail and answers."""
    forward: int = 10027
    """Loopback only: where Postfix hands itself forwarded mail, for another sender (SRS)."""
    srs: int = 10001
    """Loopback only: PostSRSd, senders to rewrite."""
    srs_back: int = 10002
    """Loopback only: PostSRSd, rewritten senders to give back."""
    resolver: int = 53
    """Loopback only: the node's own resolver (unbound)."""
    https: int = 443
    """The panel and the API."""
    http: int = 80
    """Sends browsers on to `https`."""

    def of(self, name: str) -> int:
        """The port of a service with the offset added."""
        number: int = getattr(self, name)
        return number + self.offset


class Database(_Section, frozen=True, kw_only=True):
    """The control plane's database."""

    url: str = ""
    """Empty: SQLite in the home. Else `postgresql://user:password@host:port/name`; a unix socket
    is given as `postgresql:///name?host=/run/postgresql`."""


class Dns(_Section, frozen=True, kw_only=True):
    """The node's resolver."""

    root_hints: str = ""
    """Path of a root hints file; empty: unbound's own. The lab has a root of its own."""
    validate: bool = True
    """Validate DNSSEC. Off only where the root is not signed, as in the lab."""
    forward_to: tuple[str, ...] = ()
    """Addresses of resolvers to ask instead of the root servers."""


class Spam(_Section, frozen=True, kw_only=True):
    """The spam filter."""

    scan: bool = True
    """Scan mail in and out with Rspamd. Off is for measuring; DKIM signing is off with it."""
    reject_score: float = 15.0
    junk_score: float = 6.0
    greylist: bool = True
    test_patterns: bool = False
    """Let Rspamd know its test texts for each action, to try the filter out; not for customers."""


class Certificates(_Section, frozen=True, kw_only=True):
    """Certificates from an authority that speaks ACME (RFC 8555)."""

    directory: str = ""
    """The authority's directory URL, such as `https://acme-v02.api.letsencrypt.org/directory`.
    Empty: none is asked, and the node's own certificate is self-signed."""
    agree: bool = False
    """That you agree to the authority's terms; nothing is ordered without it."""
    contact: str = ""
    """Address that the authority may write to. Empty: none is given."""
    key_id: str = ""
    """Key identifier of an account that the authority demands (external account binding)."""
    key_secret: str = ""
    """The secret that belongs to it, in base64url."""
    ca_file: str = ""
    """Path of certificates (PEM) to trust when speaking to the authority. Empty: the system's."""


class Storage(_Section, frozen=True, kw_only=True):
    """The mail store."""

    grace_days: int = 30
    """Days for which the mail of a removed mailbox is kept and the removal can be undone."""
    message_limit: int = 52_428_800
    """Largest message accepted, bytes."""


class Log(_Section, frozen=True, kw_only=True):
    """The engines' logs: who sent what to whom, and who logged in from where."""

    keep_days: int = 14
    """Days for which old logs are kept; a new one is begun each day."""


class Web(_Section, frozen=True, kw_only=True):
    """The panel and the API."""

    name: str = "Mailstead"
    """The company's name, as the panel and its mails say it."""
    hostnames: tuple[str, ...] = ()
    """Names under which the panel answers; the first stands in the links of mails. Empty: the
    host's own name. A request for any other name is refused."""
    second_factor: tuple[Literal["operator", "staff", "reseller", "customer"], ...] = ()
    """Roles whose people must sign in with a second factor; a customer may demand it too."""
    session_days: int = 14
    """Days without a visit after which a sign-in ends."""
    api_requests: int = 3000
    """Requests that one token of the API may make in a minute."""
    webhooks_to_private: bool = False
    """Let webhooks go to http and to addresses that are not public. Only for trying things out: it
    lets customers reach what only this machine can reach."""
    sender: str = ""
    """Address from which the panel writes to people. Empty: `no-reply@` and the host's name."""


class Settings(_Section, frozen=True, kw_only=True):
    """All settings of an instance."""

    home: Path = DEFAULT_HOME
    """Everything the instance writes lives under this directory. Not set in the file."""
    hostname: str = ""
    """Fully qualified name of this host: SMTP banner, HELO, certificate. Empty: the machine's."""
    server: str = "node1"
    """Name of this node in the control plane."""
    control: Literal["here", "none"] = "here"
    """`here`: this machine runs the control plane too; `none`: it is a node of another."""
    operator: str = ""
    """Address outside the hosted domains that gets the node's own mail (postmaster, bounces)."""
    recipient_delimiter: str = "+"
    """Character between a local part and its sub-address (RFC 5233)."""
    ports: Ports = Ports()
    database: Database = Database()
    dns: Dns = Dns()
    spam: Spam = Spam()
    certificates: Certificates = Certificates()
    storage: Storage = Storage()
    log: Log = Log()
    web: Web = Web()


def home_from_environment() -> Path:
    """The home named by `MAILSTEAD_HOME`, or the default."""
    return Path(os.environ.get(HOME_VARIABLE) or DEFAULT_HOME)


def load(home: Path) -> Settings:
    """The settings of the instance in `home`; raises `Refusal` (`settings-…`)."""
    path = home / FILE_NAME
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise Refusal(
            "settings-missing",
            f"There is no instance in {home}: {path} does not exist.",
            remedy="Run 'mailstead up' first, or name another home with --home.",
        ) from error
    except PermissionError as error:
        raise Refusal(
            "settings-closed",
            f"{path} may be read by root only.",
            remedy="Run the command as root.",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refusal(
            "settings-invalid", f"{path} cannot be read: {error}.", remedy="Correct that line."
        ) from error
    return parse(raw, home)


def parse(raw: dict[str, object], home: Path) -> Settings:
    """Settings from the parsed file; raises `Refusal` (`settings-invalid`) naming the field."""
    if "home" in raw:
        raise Refusal(
            "settings-invalid",
            f"{FILE_NAME} must not set 'home'.",
            remedy="The home is the directory that holds the file; remove the line.",
        )
    try:
        settings = msgspec.structs.replace(msgspec.convert(raw, Settings), home=home)
    except msgspec.ValidationError as error:
        raise Refusal(
            "settings-invalid",
            f"{home / FILE_NAME}: {str(error).replace('$.', '')}.",
            remedy="Correct the value; docs/reference/settings.md lists every setting.",
        ) from error
    _check(settings)
    return settings


def _check(settings: Settings) -> None:
    _check_names(settings)
    if not 0 <= settings.ports.offset <= 60000:
        raise _invalid(settings, "ports.offset must be from 0 to 60000")
    ports = [settings.ports.of(name) for name in Ports.__struct_fields__ if name != "offset"]
    if any(not 1 <= port <= 65535 for port in ports):
        raise _invalid(settings, "a port with its offset is not between 1 and 65535")
    if len(set(ports)) != len(ports):
        raise _invalid(settings, "two services have the same port")
    if len(settings.recipient_delimiter) != 1 or settings.recipient_delimiter not in "+=_":
        raise _invalid(settings, "recipient_delimiter must be one of + = _")
    if not 1 <= settings.log.keep_days <= 3650:
        raise _invalid(settings, "log.keep_days must be from 1 to 3650")
    if not 1 <= settings.web.session_days <= 365:
        raise _invalid(settings, "web.session_days must be from 1 to 365")
    if not 1 <= settings.web.api_requests <= 1_000_000:
        raise _invalid(settings, "web.api_requests must be from 1 to 1000000")
    _check_certificates(settings)
    if settings.storage.grace_days < 0:
        raise _invalid(settings, "storage.grace_days must not be negative")
    if not 1_000_000 <= settings.storage.message_limit <= 2_000_000_000:
        raise _invalid(settings, "storage.message_limit must be from 1000000 to 2000000000")


def _check_certificates(settings: Settings) -> None:
    given = settings.certificates
    if given.directory and not given.directory.startswith("https://"):
        raise _invalid(settings, "certificates.directory must begin with https://")
    if given.directory and not given.agree:
        raise _invalid(
            settings,
            "certificates.agree must be true: the authority gives nothing to whoever has not "
            "agreed to its terms",
        )
    if bool(given.key_id) != bool(given.key_secret):
        raise _invalid(settings, "certificates.key_id and key_secret belong together")
    if given.ca_file and not Path(given.ca_file).is_file():
        raise _invalid(settings, f"certificates.ca_file: {given.ca_file!a} does not exist")


def _check_names(settings: Settings) -> None:
    if settings.hostname:
        try:
            normalise_domain(settings.hostname)
        except Refusal as refusal:
            raise _invalid(settings, f"hostname: {refusal.words.rstrip('.')}") from refusal
    for name in settings.web.hostnames:
        try:
            normalise_domain(name)
        except Refusal as refusal:
            raise _invalid(settings, f"web.hostnames: {refusal.words.rstrip('.')}") from refusal
    for text in settings.dns.forward_to:
        host, at, port = text.partition("@")
        try:
            ipaddress.ip_address(host)
        except ValueError:
            host = ""
        if not host or (at and not (port.isdigit() and 1 <= int(port) <= 65535)):
            raise _invalid(settings, f"dns.forward_to: {text!a} is not an IP address")
    if settings.database.url and not settings.database.url.startswith("postgresql://"):
        raise _invalid(settings, "database.url must begin with postgresql://")


def _invalid(settings: Settings, words: str) -> Refusal:
    return Refusal(
        "settings-invalid",
        f"{settings.home / FILE_NAME}: {words}.",
        remedy="Correct the value; docs/reference/settings.md lists every setting.",
    )


def name_home(home: Path, *, django_settings: str) -> None:
    """Make `home` this process's instance: what Django and child processes read."""
    os.environ[HOME_VARIABLE] = str(home)
    os.environ["DJANGO_SETTINGS_MODULE"] = django_settings


def child_environment(home: Path) -> dict[str, str]:
    """The environment of the instance's processes: little, and marked with the home."""
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        # Saves the C library a stat() of the time zone at each time stamp.
        "TZ": ":/etc/localtime",
        HOME_VARIABLE: str(home),
    }
