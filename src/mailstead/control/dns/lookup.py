"""Asking the DNS about a domain: the zone's own servers first, then the node's resolver.

Nothing but DNS is spoken, to port 53 alone. The whole look-up ends within `PATIENCE`; whatever goes
wrong is a word in the result. A server that has not answered one question is not asked another.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset

from mailstead.control.dns import spf
from mailstead.control.dns.answers import Answer, Found, Key, Outcome, Seen, Trouble

PATIENCE = 9.0
"""Seconds for a whole domain."""
_ONE = 2.0
"""Seconds for one question of a zone's server."""
_RESOLVING = 4.0
"""Seconds for one question of the resolver, which may have to ask several servers itself."""
_SERVERS = 4
"""Of a zone are tried, until `_ENOUGH` have answered."""
_ENOUGH = 2
_POLICIES = 20
"""SPF records of other names that are fetched."""
_VALUES = 40
"""Records that are kept of one answer, and each of at most `_LONGEST` characters."""
_LONGEST = 4096
_WANTED = dns.flags.RD
_OUTCOMES: dict[dns.rcode.Rcode, Outcome] = {
    dns.rcode.NXDOMAIN: "no-name",
    dns.rcode.REFUSED: "refused",
    dns.rcode.NOTAUTH: "refused",
}


@dataclass(frozen=True)
class Way:
    """Whom to ask; tests have servers of their own."""

    resolver: str = "127.0.0.1"
    resolver_port: int = 53
    server_port: int = 53
    near: bool = False
    """Also ask servers on this machine, which nobody's domain should lead to."""


@dataclass
class _Asking:
    way: Way
    ends: float
    silent: set[tuple[str, int]] = field(default_factory=set)

    def resolve(
        self, name: str, kind: str, *, checked: bool = True
    ) -> tuple[Answer, dns.message.Message | None]:
        """What the resolver says; not `checked`: also what fails DNSSEC, to find servers by."""
        way = self.way
        return self._ask(
            way.resolver,
            way.resolver_port,
            name,
            kind,
            flags=_WANTED if checked else _WANTED | dns.flags.CD,
        )

    def server(self, address: str, name: str, kind: str) -> Answer:
        """What one of the zone's servers says; an alias to elsewhere is followed in public."""
        answer, message = self._ask(
            address, self.way.server_port, name, kind, flags=dns.flags.Flag(0)
        )
        if message is None or answer.outcome != "empty":
            return answer
        if not message.flags & dns.flags.AA:
            # It passes the question on: the zone is not its own.
            return Answer("refused")
        target = _alias(message)
        return self.resolve(target, kind)[0] if target else answer

    def _ask(
        self, address: str, port: int, name: str, kind: str, *, flags: int
    ) -> tuple[Answer, dns.message.Message | None]:
        recursive = bool(flags & dns.flags.RD)
        patience = min(_RESOLVING if recursive else _ONE, self.ends - time.monotonic())
        if (address, port) in self.silent or patience <= 0.05:
            return Answer("silent"), None
        try:
            question = dns.message.make_query(name, kind, use_edns=True, payload=1232, flags=flags)
            message = _exchange(question, address, port, patience)
        except (dns.exception.DNSException, OSError, EOFError, ValueError) as error:
            # No answer, none in time, or nothing that could be read. The resolver may have waited
            # for others: it is asked again unless it is not there at all.
            if not recursive or isinstance(error, OSError):
                self.silent.add((address, port))
            return Answer("silent"), None
        return _read(message, kind), message


def look(domain: str, wanted: Sequence[Key], way: Way) -> Seen:
    """Everything that is said about the records, within `PATIENCE`."""
    asking = _Asking(way, time.monotonic() + PATIENCE)
    first, message = asking.resolve(domain, "SOA", checked=False)
    if message is None:
        alive = asking.resolve("localhost", "A")[1] is not None
        return Seen(trouble="zone-silent" if alive else "resolver-silent")
    if first.outcome == "no-name":
        # The resolver may remember that from before the domain was registered (RFC 2308 §5).
        zone, servers = _newly_made(asking, domain)
        if not servers:
            nothing = Found(public=Answer("no-name"))
            return Seen(trouble="no-domain", answers=dict.fromkeys(wanted, nothing))
    else:
        zone = _zone(message)
        servers = _servers_of(asking, zone)
    told = _ask_servers(asking, servers, wanted)
    answers = {
        key: Found(tuple(each[key] for each in told), asking.resolve(*key)[0]) for key in wanted
    }
    return Seen(
        _trouble(first, servers, told), zone, servers, answers, _policies(asking, domain, answers)
    )


def delegation_of(zone: str, way: Way) -> tuple[str, ...] | None:
    """The servers to which the zone above delegates this one; none: to nobody.

    None: nothing could be learnt. The servers of the zone above are asked themselves: a resolver
    would tell what the zone says of itself (RFC 1034 §4.2.2), which may be old.
    """
    told = _ask_above(_Asking(way, time.monotonic() + PATIENCE), zone)
    return None if told is None else _named(told, zone)


def _newly_made(asking: _Asking, domain: str) -> tuple[str, tuple[str, ...]]:
    """The zone and servers of a domain of which the resolver does not know yet; else nothing."""
    told = _ask_above(asking, domain)
    if told is None or told.rcode() != dns.rcode.NOERROR:
        return "", ()
    delegated = _named(told, domain)
    if delegated:
        return domain, delegated
    zone = _zone(told)
    return zone, _servers_of(asking, zone)


def _servers_of(asking: _Asking, zone: str) -> tuple[str, ...]:
    """Those that the zone names; none of no zone."""
    return _hosts(asking.resolve(zone, "NS", checked=False)[0]) if zone else ()


def _ask_above(asking: _Asking, name: str) -> dns.message.Message | None:
    """What a server of the zone above says of the name's servers: they are, or there is no such."""
    above = name.partition(".")[2] or "."
    message = asking.resolve(above, "SOA", checked=False)[1]
    parent = _zone(message) if message is not None else ""
    if message is None or not (parent or above == "."):
        return None
    for server in _hosts(asking.resolve(parent or ".", "NS", checked=False)[0])[:_SERVERS]:
        address = _address(asking, server)
        if not address:
            continue
        port = asking.way.server_port
        told = asking._ask(address, port, name, "NS", flags=dns.flags.Flag(0))[1]
        if told is not None and told.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            return told
    return None


def _named(message: dns.message.Message, zone: str) -> tuple[str, ...]:
    found = [
        record
        for rrset in (*message.answer, *message.authority)
        if rrset.rdtype == dns.rdatatype.NS and _bare(rrset.name) == zone
        for record in rrset
    ]
    return tuple(sorted(_bare(record.target) for record in found))


def _trouble(first: Answer, servers: Sequence[str], told: Sequence[object]) -> Trouble:
    if told:
        return ""
    if servers:
        return "servers-silent"
    return "no-servers" if first.known else "zone-silent"


def _exchange(
    question: dns.message.Message, address: str, port: int, patience: float
) -> dns.message.Message:
    """By UDP, or by TCP where it does not fit; a connected socket hears of a closed port."""
    ends = time.monotonic() + patience
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as connected:
        connected.setblocking(False)
        connected.connect((address, port))
        answer = dns.query.udp(
            question, address, patience, port, sock=connected, ignore_unexpected=True
        )
    if answer.flags & dns.flags.TC:
        return dns.query.tcp(question, address, max(0.1, ends - time.monotonic()), port)
    return answer


def _read(message: dns.message.Message, kind: str) -> Answer:
    rcode = message.rcode()
    if rcode != dns.rcode.NOERROR:
        return Answer(_OUTCOMES.get(rcode, "servfail"))
    wanted = dns.rdatatype.from_text(kind)
    values = [
        text_of(kind, record)
        for rrset in message.answer
        if rrset.rdtype == wanted
        for record in rrset
    ]
    return Answer("found", tuple(values[:_VALUES])) if values else Answer("empty")


def text_of(kind: str, record: object) -> str:
    """The data of a record as it is compared and shown."""
    if kind == "MX":
        text = f"{record.preference} {record.exchange.to_text().lower()}"  # type: ignore[attr-defined]
    elif kind == "TXT":
        # Parts belong together without anything between them (RFC 7208 section 3.3).
        text = b"".join(record.strings).decode("utf-8", "backslashreplace")  # type: ignore[attr-defined]
    else:
        text = str(record)
    shown = "".join(c if c.isprintable() else f"\\{ord(c):03d}" for c in text)
    return shown[:_LONGEST]


def _alias(message: dns.message.Message) -> str:
    """Where the aliases of an answer end, if it has any."""
    links = {
        rrset.name: rrset[0].target
        for rrset in message.answer
        if rrset.rdtype == dns.rdatatype.CNAME
    }
    name = message.question[0].name
    for _ in range(len(links)):
        name = links.get(name, name)
    return "" if name == message.question[0].name else _bare(name)


def _bare(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


def _zone(message: dns.message.Message) -> str:
    """The zone in which the name lies: whose SOA record came, as the answer or beside it."""
    for rrset in (*message.answer, *message.authority):
        if rrset.rdtype == dns.rdatatype.SOA:
            return _bare(rrset.name)
    return ""


def _hosts(answer: Answer) -> tuple[str, ...]:
    return tuple(sorted(value.lower().rstrip(".") for value in answer.values))


def _ask_servers(
    asking: _Asking, servers: Sequence[str], wanted: Sequence[Key]
) -> list[dict[Key, Answer]]:
    """What the first of the zone's servers that answer say."""
    told: list[dict[Key, Answer]] = []
    for server in servers[:_SERVERS]:
        address = _address(asking, server)
        if address:
            answers = {key: asking.server(address, *key) for key in wanted}
            if any(answer.known for answer in answers.values()):
                told.append(answers)
        if len(told) == _ENOUGH:
            break
    return told


def _address(asking: _Asking, server: str) -> str:
    found = next(
        (
            answer.values
            for kind in ("A", "AAAA")
            if (answer := asking.resolve(server, kind, checked=False)[0]).values
        ),
        (),
    )
    usable = [text for text in found if asking.way.near or _is_elsewhere(text)]
    return usable[0] if usable else ""


def _is_elsewhere(text: str) -> bool:
    """Not this machine nor its cable: whose domain it is decides what address stands there."""
    address = ipaddress.ip_address(text)
    inside = getattr(address, "ipv4_mapped", None)
    if inside is not None:
        return _is_elsewhere(str(inside))
    return not (
        address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address.is_reserved
    )


def _policies(asking: _Asking, domain: str, answers: dict[Key, Found]) -> dict[str, str]:
    """The SPF records to which those of the domain lead, to count what they cost."""
    found = answers.get((domain, "TXT"), Found())
    own = [text for answer in (*found.authoritative, found.public) for text in answer.values]
    waiting = [text for text in dict.fromkeys(own) if spf.is_spf(text)]
    policies: dict[str, str] = {}
    asked = 0
    while waiting:
        for name in map(spf.target_of, spf.terms(waiting.pop())):
            if name and name not in policies and asked < _POLICIES:
                asked += 1
                texts = [t for t in asking.resolve(name, "TXT")[0].values if spf.is_spf(t)]
                if texts:
                    policies[name] = texts[0]
                    waiting.append(texts[0])
    return policies
