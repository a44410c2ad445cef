"""The company's zone of DKIM keys: as a file (RFC 1035 §5), and kept by updates (RFC 2136).

The zone holds nothing but these keys. An update replaces all texts of a name, so that one told
twice does no harm, and is signed (RFC 8945). A name is told again until each server has taken it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.tsig
import dns.tsigkeyring
import dns.update
from django.conf import settings
from django.db.models import Q

from mailstead.config import Dkim
from mailstead.control.hosting import queries as hosting
from mailstead.control.hosting import services as acts
from mailstead.control.hosting.models import DkimKey, ZoneName
from mailstead.control.people import roles
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal

LOT = 20
"""Names in one update: a key has some 400 octets, and some servers take small messages only."""
LOTS = 50
"""Updates in one round of the worker."""
_PATIENCE = 5.0
"""Seconds for one update."""


def _settings() -> Dkim:
    found: Dkim = settings.MAILSTEAD.dkim
    return found


def zone_text(actor: Actor, now: dt.datetime) -> Iterator[str]:
    """The zone's lines; raises `Refusal` (`zone-missing`) where the company has none."""
    roles.require(actor, "dns.operator-zone")
    wanted, zone = _settings(), _zone()
    servers = wanted.nameservers or (f"ns1.{zone}",)
    mail = f"hostmaster.{zone}."
    yield f"$ORIGIN {zone}.\n$TTL {wanted.ttl}\n"
    # Secondaries are told of a change by its number: seconds since 1970 rise (RFC 1982).
    serial = int(now.timestamp())
    times = f"{serial} 3600 600 1209600 {wanted.ttl}"
    yield f"@ IN SOA {servers[0].rstrip('.')}. {mail} {times}\n"
    for server in servers:
        yield f"@ IN NS {server.rstrip('.')}.\n"
    for name, text in hosting.zone_records(actor):
        yield f"{name}. IN TXT {hosting.quoted(text)}\n"


def _zone() -> str:
    zone = hosting.zone_of_keys()
    if not zone:
        raise Refusal(
            "zone-missing",
            "There is no zone for keys: customers publish their keys themselves.",
            remedy="Set dkim.zone in mailstead.toml first.",
        )
    return zone


def push_all(*, actor: Actor, now: dt.datetime) -> int:
    """Tell the zone's servers every name anew, as after the loss of one; returns how many.

    Raises `Refusal` (`zone-refused`) where a server does not take an update.
    """
    roles.require(actor, "dns.push-zone")
    _zone()
    if not _settings().servers:
        raise Refusal(
            "zone-by-file",
            "No server takes changes of the zone.",
            remedy="Set dkim.servers, or fetch the zone as a file.",
        )
    acts.tell_zone_anew()
    count = 0
    while pushed := push_due(now):
        count += pushed
    return count


def push_due(now: dt.datetime) -> int:
    """Tell the zone's servers what they have not been told; returns how many names.

    Raises `Refusal` (`zone-refused`); what was not taken is told again.
    """
    if not (hosting.zone_of_keys() and _settings().servers):
        return 0
    return sum(_push_lot(now) for _ in range(LOTS))


def _push_lot(now: dt.datetime) -> int:
    keys = list(DkimKey.objects.filter(zone_due=True).order_by("pk")[:LOT])
    gone = list(ZoneName.objects.filter(Q(key=None)).order_by("pk")[:LOT])
    if not keys and not gone:
        return 0
    puts = {hosting.zone_name(k.domain_id, k.selector): hosting.key_record(k) for k in keys}
    deletes = [one.name for one in gone if one.name not in puts]
    for server in _settings().servers:
        _update(server, puts, deletes)
    acts.note_zone_told(now=now, keys=keys, gone=gone)
    return len(keys) + len(gone)


def _update(server: str, puts: dict[str, str], deletes: Sequence[str]) -> None:
    """Send one update to one server, over TCP: a key and its signature fill a datagram quickly."""
    wanted, zone = _settings(), _zone()
    ring = dns.tsigkeyring.from_text({wanted.tsig_name: wanted.tsig_secret})
    algorithm = dns.name.from_text(wanted.tsig_algorithm)
    update = dns.update.UpdateMessage(zone, keyring=ring, keyalgorithm=algorithm)
    for name, text in puts.items():
        update.replace(dns.name.from_text(name), wanted.ttl, "TXT", hosting.quoted(text))
    for name in deletes:
        update.delete(dns.name.from_text(name))
    host, _, port = server.partition("@")
    try:
        answer = dns.query.tcp(update, host, timeout=_PATIENCE, port=int(port or 53))
    except (dns.exception.DNSException, OSError, EOFError) as error:
        raise _refused(server, f"{type(error).__name__}: {error}") from error
    if answer.rcode() != dns.rcode.NOERROR:
        raise _refused(server, dns.rcode.to_text(answer.rcode()))


def _refused(server: str, said: str) -> Refusal:
    return Refusal(
        "zone-refused",
        "The server {server} of the zone of keys has not taken a change: {said}.",
        remedy="Look at its log, and at dkim.zone, dkim.servers and dkim.tsig_… in mailstead.toml.",
        server=server,
        said=said,
    )
