"""The instance's settings: `mailstead.toml` in its home becomes one frozen `Settings`.

Each field says its meaning, unit and default; `docs/reference/settings.md` is made from them. A
wrong value stops the program at start with one sentence that names the field.
"""

from __future__ import annotations

import base64
import ipaddress
import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec

from mailstead.standards.address import normalise_domain
from mailstead.standards.refusal import Refusal

DEFAULT_HOME = Path("/var/lib/mailstead")
HOME_VARIABLE = "MAILSTEAD_HOME"
FILE_NAME = "mailstead.toml"
_LOCAL = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}[a-z0-9]")


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
    logins: int = 10028
    """Loopback only: where Dovecot asks the guard about log-ins."""
    doveadm: int = 24245
    """Where other nodes of ours come to mailboxes that move; only with `moves.listen`."""
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
    """Validate DNSSEC; without it DANE is not honoured. Off only where the root is not signed, as
    in most labs."""
    anchor: str = ""
    """Path of a file with the keys of a root of one's own, as the lab has; empty: the real one."""
    forward_to: tuple[str, ...] = ()
    """Addresses of resolvers to ask instead of the root servers."""
    serve_on: tuple[str, ...] = ()
    """Addresses of this node on which it answers for zones that customers still have here (Knot, on
    the resolver's port). Empty: none are served, and no such server runs."""
    secondaries: tuple[str, ...] = ()
    """Addresses of other servers that are told of changes of these zones and may transfer them."""
    name_servers: tuple[str, ...] = ()
    """Names of the servers that answer for these zones, as a delegation names them."""
    look_from: int = 1
    """Hour, UTC, at which the nightly look at the DNS of every domain begins; 0 to 23."""
    look_hours: int = 5
    """Hours over which it is spread, so that many domains are no burst; 1 to 24."""


class Dkim(_Section, frozen=True, kw_only=True):
    """The keys that sign the mail of hosted domains."""

    zone: str = ""
    """A DNS zone of the company's that holds nothing but these keys (`dkim.example.net`):
    customers publish aliases into it once, and keys change without them. Empty: customers publish
    the keys themselves, and each new one waits for them."""
    nameservers: tuple[str, ...] = ()
    """Names of the zone's servers, for the zone file."""
    servers: tuple[str, ...] = ()
    """Addresses (`192.0.2.53`, `192.0.2.53@5353`) that take changes of the zone (RFC 2136). Empty:
    the zone is fetched as a file."""
    tsig_name: str = ""
    """Name of the key that signs these changes (RFC 8945)."""
    tsig_secret: str = ""
    """Its secret, base64."""
    tsig_algorithm: Literal["hmac-sha256", "hmac-sha384", "hmac-sha512"] = "hmac-sha256"
    ttl: int = 3600
    """Seconds for which others may remember a record of the zone; a new key waits as long."""
    rotate_days: int = 180
    """Days after which a key is followed by another; 0: only when somebody asks for it."""
    grace_days: int = 7
    """Days for which a key stays published after it has signed for the last time: as long as mail
    may lie in queues."""


class Spam(_Section, frozen=True, kw_only=True):
    """The spam filter."""

    scan: bool = True
    """Scan mail in and out with Rspamd. Off is for measuring; DKIM signing is off with it."""
    reject_score: float = 15.0
    junk_score: float = 6.0
    greylist: bool = True
    test_patterns: bool = False
    """Let Rspamd know its test texts for each action, to try the filter out; not for customers."""


class Dmarc(_Section, frozen=True, kw_only=True):
    """Mail whose author's domain has a DMARC policy (RFC 7489), and reports to those domains."""

    honour: bool = True
    """Refuse what fails where the domain asks to reject it, file as junk where it asks to
    quarantine it. Off: the verdict is told in the header and counts as spam points only."""
    lists: Literal["junk", "refuse"] = "junk"
    """What to do with a mailing list's mail that the policy would refuse: lists often change what
    they send on, and who refuses too often is removed from them."""
    trusted_forwarders: tuple[str, ...] = ()
    """Domains whose ARC seal (its `d=`) is believed when they say that a message had passed."""
    reports: bool = False
    """Send domains that ask for it a daily report of what was received in their name. Off until
    the host's name has a good reputation: it is mail that nobody here has written."""
    report_minimum: int = 10
    """Messages of a domain in a day from which on it gets a report."""
    report_name: str = ""
    """The organisation's name in the reports. Empty: the host's name."""


class Transport(_Section, frozen=True, kw_only=True):
    """How mail is secured on its way to other servers, and how others are asked to secure ours."""

    authorities: str = ""
    """Path of a PEM file with certificate authorities that are believed besides the system's."""
    mta_sts: Literal["none", "testing", "enforce"] = "none"
    """MTA-STS policy of domains whose owner has chosen none (RFC 8461). Each needs a certificate
    for its name `mta-sts.<domain>`, and for the server's own name one that everybody believes."""


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


class Reports(_Section, frozen=True, kw_only=True):
    """Reports that other mail servers send: local parts of addresses at the host's own name."""

    dmarc: str = "dmarc-reports"
    """Takes DMARC aggregate reports; stands in the DMARC records that domains publish."""
    tls: str = "tls-reports"
    """Takes TLS reports; stands in the TLS reporting records that domains publish."""
    complaints: str = "feedback"
    """Takes complaints (ARF): the address to register at the feedback loops of receivers."""
    keep_months: int = 13
    """Months for which what reports say is kept, of 30 days; 1 to 120."""


class Reputation(_Section, frozen=True, kw_only=True):
    """Whether others trust what this node sends."""

    address_lists: tuple[str, ...] = ("zen.spamhaus.org", "bl.spamcop.net", "psbl.surriel.com")
    """DNS lists (RFC 5782) on which the node looks for its own IPv4 and IPv6 addresses. Some ask
    for a contract, and then for a name of your own, of those who host mail for others."""
    name_lists: tuple[str, ...] = ("dbl.spamhaus.org",)
    """The same for the node's names."""
    every_minutes: int = 60
    """Minutes between two looks at the lists; 5 to 1440."""
    move_traffic: bool = True
    """Whether mail leaves by other sending addresses, where there are any, while a list names one.
    """


class Guard(_Section, frozen=True, kw_only=True):
    """The guard: mailboxes whose password was stolen, recognised by what they do."""

    mode: Literal["hold", "watch", "off"] = "hold"
    """`hold`: it learns what is usual for each mailbox; what one that looks stolen sends is kept
    until a person decides. `watch`: it only says which ones look stolen; nothing is held."""
    logins: Literal["block", "watch"] = "block"
    """`block`: who tries many wrong passwords cannot log in for a while; `watch`: it is only said
    who would be kept out."""
    trusted: tuple[str, ...] = ()
    """Addresses and networks that are never kept out, such as your own office's. This machine never
    is."""
    journal_days: int = 14
    """Days for which what the guard was told is kept, so that other weights can be tried out on it
    (`mailstead guard replay`): some 100 bytes a message, at most 2 GiB. 0: nothing is kept."""
    networks: str = ""
    """A file that says whose network addresses are: lines of first and last address, AS number and
    country, with tabs between. Empty: neighbours are guessed by their addresses."""
    redis: str = ""
    """Where the guards of several nodes tell each other of thefts and of suspicious clients and
    texts: `rediss://user:password@host:port/0` (`?ssl_ca_certs=FILE` for an authority of your own),
    `unix:///path`, or `redis://` at a private address. Empty: each guard keeps to itself."""


class Passwords(_Section, frozen=True, kw_only=True):
    """Passwords that people choose, for mailboxes and for the panel."""

    breached: Literal["warn", "refuse", "change", "off"] = "warn"
    """What happens to one that is known from leaks, where there is an index of them
    (`mailstead breached build`): it is taken and its owner is told, or it is refused, or it is
    refused and a mailbox that has such a one already must get another, or nobody looks. One
    password in 65,536 is taken for a known one by mistake."""
    change_days: Annotated[int, msgspec.Meta(ge=1, le=90)] = 14
    """With `change`: so many days after the warning the mailbox sends nothing more until its
    password is changed; it receives on."""


class Moves(_Section, frozen=True, kw_only=True):
    """Moves of domains between nodes of ours."""

    listen: str = ""
    """Address of this node at which others of ours come to its mailboxes, by doveadm in TLS with a
    password of its own; `*` for all addresses. Empty: none do. Let only your own nodes through the
    firewall."""
    name: str = ""
    """Name under which they find it; the node's certificate must be for it. Empty: the host's name.
    """


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
    host's own name. A request for any other name is refused. On a node of another control plane:
    the name of its panel, where the links in the node's replies lead."""
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
    dkim: Dkim = Dkim()
    spam: Spam = Spam()
    dmarc: Dmarc = Dmarc()
    transport: Transport = Transport()
    reports: Reports = Reports()
    certificates: Certificates = Certificates()
    storage: Storage = Storage()
    reputation: Reputation = Reputation()
    passwords: Passwords = Passwords()
    guard: Guard = Guard()
    moves: Moves = Moves()
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


def panel_origin(settings: Settings) -> str:
    """Where links lead: the configured name of the panel, never the one that a request brings."""
    port = settings.ports.of("https")
    name = (*settings.web.hostnames, settings.hostname or "panel.example")[0]
    return f"https://{name}" + ("" if port == 443 else f":{port}")


def _check(settings: Settings) -> None:
    _check_names(settings)
    _check_dkim(settings)
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
    if not 0 <= settings.dns.look_from <= 23 or not 1 <= settings.dns.look_hours <= 24:
        raise _invalid(settings, "dns.look_from must be from 0 to 23, dns.look_hours from 1 to 24")
    if not 1 <= settings.web.session_days <= 365:
        raise _invalid(settings, "web.session_days must be from 1 to 365")
    if not 1 <= settings.web.api_requests <= 1_000_000:
        raise _invalid(settings, "web.api_requests must be from 1 to 1000000")
    if not 5 <= settings.reputation.every_minutes <= 1440:
        raise _invalid(settings, "reputation.every_minutes must be from 5 to 1440")
    if not 1 <= settings.dmarc.report_minimum <= 1_000_000:
        raise _invalid(settings, "dmarc.report_minimum must be from 1 to 1000000")
    if not 1 <= settings.reports.keep_months <= 120:
        raise _invalid(settings, "reports.keep_months must be from 1 to 120")
    if not 0 <= settings.guard.journal_days <= 366:
        raise _invalid(settings, "guard.journal_days must be from 0 to 366")
    for text in settings.guard.trusted:
        try:
            ipaddress.ip_network(text)
        except ValueError as error:
            raise _invalid(settings, f"guard.trusted: {text!a} is no address or network") from error
    _check_certificates(settings)
    _check_meeting(settings)
    if settings.storage.grace_days < 0:
        raise _invalid(settings, "storage.grace_days must not be negative")
    if not 1_000_000 <= settings.storage.message_limit <= 2_000_000_000:
        raise _invalid(settings, "storage.message_limit must be from 1000000 to 2000000000")


def _check_meeting(settings: Settings) -> None:
    if not settings.guard.redis:
        return
    parts = urlsplit(settings.guard.redis)
    fine = bool(parts.hostname) if parts.scheme == "rediss" else bool(parts.path)
    if parts.scheme == "redis":
        # In clear: only where nobody else listens.
        try:
            fine = ipaddress.ip_address(parts.hostname or "").is_private
        except ValueError:
            fine = parts.hostname == "localhost"
    if parts.scheme not in ("rediss", "redis", "unix") or not fine:
        raise _invalid(
            settings, "guard.redis must begin with rediss:// or unix:///, or name a private address"
        )


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
    for field in ("address_lists", "name_lists"):
        for name in getattr(settings.reputation, field):
            try:
                normalise_domain(name)
            except Refusal as refusal:
                words = refusal.words.rstrip(".")
                raise _invalid(settings, f"reputation.{field}: {words}") from refusal
    for name in settings.dmarc.trusted_forwarders:
        try:
            normalise_domain(name)
        except Refusal as refusal:
            words = refusal.words.rstrip(".")
            raise _invalid(settings, f"dmarc.trusted_forwarders: {words}") from refusal
    name = settings.dmarc.report_name
    if not name.isascii() or not (name or "x").isprintable() or set(name) & set('"\\<>{}'):
        raise _invalid(settings, "dmarc.report_name: plain ASCII without quotes and brackets")
    _check_served(settings)
    _check_moves(settings)
    for field, texts in (
        ("dns.forward_to", settings.dns.forward_to),
        ("dkim.servers", settings.dkim.servers),
    ):
        for text in texts:
            if not _is_server(text):
                raise _invalid(settings, f"{field}: {text!a} is not an IP address")
    _check_transport(settings)
    if settings.database.url and not settings.database.url.startswith("postgresql://"):
        raise _invalid(settings, "database.url must begin with postgresql://")


def _check_transport(settings: Settings) -> None:
    boxes = (settings.reports.dmarc, settings.reports.tls, settings.reports.complaints)
    if len(set(boxes)) != 3 or not all(map(_LOCAL.fullmatch, boxes)):
        raise _invalid(settings, "reports: three different names of letters, digits, - and . only")
    for name, path in (
        ("dns.anchor", settings.dns.anchor),
        ("transport.authorities", settings.transport.authorities),
    ):
        if path and not Path(path).is_file():
            raise _invalid(settings, f"{name}: there is no file {path!a}")


def _check_moves(settings: Settings) -> None:
    """Where other nodes come in."""
    if settings.moves.listen not in ("", "*"):
        try:
            ipaddress.ip_address(settings.moves.listen)
        except ValueError as error:
            words = f"moves.listen: {settings.moves.listen!a} is not an IP address"
            raise _invalid(settings, words) from error
    if settings.moves.name:
        try:
            normalise_domain(settings.moves.name)
        except Refusal as refusal:
            raise _invalid(settings, f"moves.name: {refusal.words.rstrip('.')}") from refusal


def _check_served(settings: Settings) -> None:
    """Where zones are served, and by which names."""
    for field in ("serve_on", "secondaries"):
        for text in getattr(settings.dns, field):
            try:
                address = ipaddress.ip_address(text)
            except ValueError as error:
                raise _invalid(settings, f"dns.{field}: {text!a} is not an IP address") from error
            if field == "serve_on" and (address.is_unspecified or str(address) == "127.0.0.1"):
                # The resolver listens at 127.0.0.1 and would lose its port to "all addresses".
                raise _invalid(settings, f"dns.serve_on: {text} is not an address of this node")
    for name in settings.dns.name_servers:
        try:
            normalise_domain(name)
        except Refusal as refusal:
            raise _invalid(settings, f"dns.name_servers: {refusal.words.rstrip('.')}") from refusal


def _is_server(text: str) -> bool:
    host, at, port = text.partition("@")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return not at or (port.isdigit() and 1 <= int(port) <= 65535)


def _check_dkim(settings: Settings) -> None:
    dkim = settings.dkim
    for field, names in (("zone", (dkim.zone,)), ("nameservers", dkim.nameservers)):
        for name in filter(None, names):
            try:
                normalise_domain(name)
            except Refusal as refusal:
                raise _invalid(settings, f"dkim.{field}: {refusal.words.rstrip('.')}") from refusal
    if dkim.servers and not (dkim.zone and dkim.tsig_name and dkim.tsig_secret):
        raise _invalid(settings, "dkim.servers needs zone, tsig_name and tsig_secret")
    try:
        base64.b64decode(dkim.tsig_secret, validate=True)
    except ValueError as error:
        raise _invalid(settings, "dkim.tsig_secret is not base64") from error
    if not 1 <= dkim.ttl <= 86_400:
        raise _invalid(settings, "dkim.ttl must be from 1 to 86400")
    if not 0 <= dkim.rotate_days <= 3650:
        raise _invalid(settings, "dkim.rotate_days must be from 0 to 3650")
    if not 1 <= dkim.grace_days <= 365:
        raise _invalid(settings, "dkim.grace_days must be from 1 to 365")


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
