"""The DNS hosts that records can be pushed to: what each asks for, and where it is spoken to.

Where a host has one address, it is part of its library and cannot be chosen. The libraries are
octoDNS's; they are loaded in the process of `hand` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from django.utils.translation import gettext_noop

from mailstead.control.dns.hosts import DnsHost

ALGORITHMS = ("hmac-sha256", "hmac-sha512", "hmac-sha384", "hmac-sha224", "hmac-sha1", "hmac-md5")
"""Of TSIG (RFC 8945 §6), the usual one first."""


@dataclass(frozen=True)
class Credential:
    """One thing that a host asks for."""

    key: str
    label: str
    secret: bool = False
    choices: tuple[str, ...] = ()
    initial: str = ""
    required: bool = True


@dataclass(frozen=True)
class Provider:
    """One DNS host."""

    key: str
    name: str
    package: str
    credentials: tuple[Credential, ...]
    guide: str
    """How to make the least of a token that is enough."""
    host: str = ""
    """Its name in `hosts.HOSTS`, by which it is suggested."""
    own_server: bool = False
    """The server is the customer's own: its address is typed."""


_TOKEN = (Credential("token", gettext_noop("API token"), secret=True),)
_SERVER = Credential("host", gettext_noop("Server"))

PROVIDERS: tuple[Provider, ...] = (
    Provider(
        "cloudflare",
        "Cloudflare",
        "octodns_cloudflare",
        _TOKEN,
        gettext_noop(
            "My Profile, API Tokens, Create Token: the permissions Zone · Zone · Read and Zone · "
            "DNS · Edit, and under Zone Resources this one zone only. Let it end tomorrow."
        ),
        host="Cloudflare",
    ),
    Provider(
        "hetzner",
        "Hetzner",
        "octodns_hetzner",
        _TOKEN,
        gettext_noop(
            "Hetzner Console, the project that holds the zone, Security, API tokens: Read & Write. "
            "It is good for the whole project: delete it afterwards."
        ),
        host="Hetzner",
    ),
    Provider(
        "digitalocean",
        "DigitalOcean",
        "octodns_digitalocean",
        _TOKEN,
        gettext_noop(
            "API, Tokens, Generate New Token: custom scopes, of these only domain: create, read, "
            "update and delete. Choose the shortest time."
        ),
        host="DigitalOcean",
    ),
    Provider(
        "gandi",
        "Gandi",
        "octodns_gandi",
        _TOKEN,
        gettext_noop(
            "Organization, Personal Access Token: restricted to this domain, with “Manage domain "
            "name technical configurations” alone. Choose seven days."
        ),
        host="Gandi",
    ),
    Provider(
        "ovh",
        "OVHcloud",
        "octodns_ovh",
        (
            Credential("endpoint", gettext_noop("Region"), choices=("ovh-eu", "ovh-ca", "ovh-us")),
            Credential("application_key", gettext_noop("Application key")),
            Credential("application_secret", gettext_noop("Application secret"), secret=True),
            Credential("consumer_key", gettext_noop("Consumer key"), secret=True),
        ),
        gettext_noop(
            "The createToken page of the API: one day, and the rights GET, POST, PUT and DELETE on "
            "/domain/zone/your-domain/* only."
        ),
        host="OVHcloud",
    ),
    Provider(
        "desec",
        "deSEC",
        "octodns_desec",
        _TOKEN,
        gettext_noop(
            "Token Management, a new token with a policy: this domain only, with write permission. "
            "Let it expire in an hour."
        ),
        host="deSEC",
    ),
    Provider(
        "route53",
        "Amazon Route 53",
        "octodns_route53",
        (
            Credential("access_key_id", gettext_noop("Access key")),
            Credential("secret_access_key", gettext_noop("Secret access key"), secret=True),
        ),
        gettext_noop(
            "An IAM user of its own with route53:ListHostedZonesByName, and on this hosted zone "
            "alone route53:ListResourceRecordSets and route53:ChangeResourceRecordSets. Delete its "
            "access key afterwards."
        ),
        host="Amazon Route 53",
    ),
    Provider(
        "powerdns",
        "PowerDNS",
        "octodns_powerdns",
        (
            _SERVER,
            Credential("port", gettext_noop("Port"), initial="443"),
            Credential("scheme", gettext_noop("By"), choices=("https", "http")),
            Credential("server_id", gettext_noop("Server id"), initial="localhost"),
            Credential("api_key", gettext_noop("API key"), secret=True),
        ),
        gettext_noop(
            "The key is the server's api-key and good for all of its zones. Open the webserver of "
            "PowerDNS for our address only, and by HTTPS."
        ),
        own_server=True,
    ),
    Provider(
        "rfc2136",
        "BIND, Knot, PowerDNS (RFC 2136)",
        "octodns_bind",
        (
            _SERVER,
            Credential("port", gettext_noop("Port"), initial="53"),
            Credential("key_name", gettext_noop("Name of the TSIG key")),
            Credential("key_algorithm", gettext_noop("Algorithm"), choices=ALGORITHMS),
            Credential("key_secret", gettext_noop("The TSIG key"), secret=True),
        ),
        gettext_noop(
            "A TSIG key of its own that may transfer (AXFR) and update this zone and no other. "
            "Remove it afterwards."
        ),
        own_server=True,
    ),
)
"""Adding one is adding an entry, and its way of being made in `hand`."""


def offered() -> list[Provider]:
    """Those whose library is installed."""
    return [one for one in PROVIDERS if find_spec(one.package) is not None]


def provider_named(key: str) -> Provider | None:
    """One of them."""
    return next((one for one in offered() if one.key == key), None)


def suggested(host: DnsHost | None) -> Provider | None:
    """The one at which the zone seems to be."""
    return next((one for one in offered() if host and one.host == host.name), None)


def secrets_of(provider: Provider, credentials: dict[str, str]) -> Sequence[str]:
    """The values that nobody may read."""
    return [credentials.get(one.key, "") for one in provider.credentials if one.secret]
