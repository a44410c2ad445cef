"""What was typed for a DNS host, checked before anything is done with it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping

from mailstead.control.dns.push.providers import Credential, Provider
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal, Term

_LONGEST = 1000
_PORTS = frozenset({"53", "443", "853", "8081", "8443"})
"""To which a customer's own server may be spoken; an operator's may have any."""
_NAME = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)+"
)


def checked(actor: Actor, provider: Provider, given: Mapping[str, str]) -> dict[str, str]:
    """The values of the host's own fields; raises `Refusal`."""
    found = {one.key: _value(one, given) for one in provider.credentials}
    if provider.own_server:
        _check_server(actor, found)
    return found


def _value(one: Credential, given: Mapping[str, str]) -> str:
    value = str(given.get(one.key) or one.initial or (one.choices[0] if one.choices else ""))
    value = value.strip()
    if not value and one.required:
        raise Refusal(
            "credential-missing",
            "The DNS host asks for this: {what}.",
            remedy="Fill it in.",
            what=Term(one.label),
        )
    known = not one.choices or value in one.choices
    if not known or len(value) > _LONGEST or not value.isascii() or not value.isprintable():
        # The value itself may be a secret.
        raise Refusal(
            "credential-invalid",
            "This cannot be what the DNS host asks for: {what}.",
            remedy="Copy it again, without what stands around it.",
            what=Term(one.label),
        )
    return value


def _check_server(actor: Actor, found: dict[str, str]) -> None:
    host = found["host"] = found["host"].lower().rstrip(".").removeprefix("[").removesuffix("]")
    try:
        ipaddress.ip_address(host)
    except ValueError as error:
        if not _NAME.fullmatch(host):
            raise Refusal(
                "server-invalid",
                "{host} is no name of a server and no address.",
                remedy="Give a name such as ns1.example.org.",
                host=ascii(host)[1:-1],
            ) from error
    port = found["port"]
    if not port.isdigit() or not 0 < int(port[:6]) < 65536:
        raise Refusal("port-invalid", "A port is a number up to 65535.")
    if actor.sees_everything:
        return
    if port not in _PORTS:
        raise Refusal(
            "port-closed",
            "This port is not spoken to from here.",
            remedy="Use one of 53, 443, 853, 8081 and 8443.",
        )
    if found.get("scheme") == "http":
        raise Refusal(
            "scheme-open",
            "Without HTTPS the key could be read on its way.",
            remedy="Let the server speak HTTPS.",
        )
