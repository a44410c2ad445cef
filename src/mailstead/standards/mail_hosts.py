"""Who receives mail for a domain: a name for all domains whose mail the same company takes.

A receiver's opinion of a sending address holds for all its domains, so what is rested and counted
is counted by receiver. Large ones are known by domain and by the names of their servers; of
others the receiver is the domain of the server that answers, and before any has, the domain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_DOMAINS = {
    "google": "gmail.com googlemail.com google.com",
    "microsoft": "outlook.com hotmail.com live.com msn.com hotmail.co.uk hotmail.fr hotmail.de "
    "hotmail.it hotmail.es live.co.uk live.fr live.de live.nl live.it outlook.de outlook.fr "
    "outlook.es outlook.it outlook.jp",
    "yahoo": "yahoo.com yahoo.co.uk yahoo.fr yahoo.de yahoo.it yahoo.es yahoo.in yahoo.co.in "
    "yahoo.com.br yahoo.ca yahoo.com.au ymail.com rocketmail.com aol.com aim.com att.net "
    "sbcglobal.net verizon.net",
    "apple": "icloud.com me.com mac.com",
    "gmx": "gmx.net gmx.de gmx.at gmx.ch gmx.com web.de mail.com",
    "t-online": "t-online.de magenta.de",
    "mail.ru": "mail.ru bk.ru inbox.ru list.ru internet.ru",
    "yandex": "yandex.ru yandex.com ya.ru",
    "comcast": "comcast.net xfinity.com",
    "orange": "orange.fr wanadoo.fr",
    "free": "free.fr",
    "proton": "proton.me protonmail.com pm.me",
}
_HOSTS = {
    "google.com": "google",
    "googlemail.com": "google",
    "outlook.com": "microsoft",
    "hotmail.com": "microsoft",
    "yahoodns.net": "yahoo",
    "icloud.com": "apple",
    "gmx.net": "gmx",
    "web.de": "gmx",
    "kundenserver.de": "gmx",
    "t-online.de": "t-online",
    "mail.ru": "mail.ru",
    "yandex.ru": "yandex",
    "yandex.net": "yandex",
    "comcast.net": "comcast",
    "orange.fr": "orange",
    "free.fr": "free",
    "protonmail.ch": "proton",
    "pphosted.com": "proofpoint",
    "ppe-hosted.com": "proofpoint",
    "mimecast.com": "mimecast",
    "barracudanetworks.com": "barracuda",
}
COMPANIES = {
    "google.com": "Google",
    "googlemail.com": "Google",
    "outlook.com": "Microsoft",
    "hotmail.com": "Microsoft",
    "yahoodns.net": "Yahoo",
    "yahoo.com": "Yahoo",
    "icloud.com": "Apple",
    "apple.com": "Apple",
    "gmx.net": "GMX",
    "gmx.com": "GMX",
    "web.de": "WEB.DE",
    "t-online.de": "T-Online",
    "kundenserver.de": "IONOS",
    "ionos.com": "IONOS",
    "ionos.de": "IONOS",
    "strato.de": "STRATO",
    "rzone.de": "STRATO",
    "freenet.de": "freenet",
    "posteo.de": "Posteo",
    "mailbox.org": "mailbox.org",
    "protonmail.ch": "Proton",
    "messagingengine.com": "Fastmail",
    "zoho.com": "Zoho",
    "zoho.eu": "Zoho",
    "ovh.net": "OVHcloud",
    "gandi.net": "Gandi",
    "orange.fr": "Orange",
    "comcast.net": "Comcast",
    "bluewin.ch": "Bluewin",
    "yandex.ru": "Yandex",
    "mail.ru": "Mail.ru",
    "qq.com": "Tencent",
    "pphosted.com": "Proofpoint",
    "mimecast.com": "Mimecast",
    "messagelabs.com": "Broadcom",
    "amazonaws.com": "Amazon",
}
"""The end of a mail server's name, to the name that people know."""
_BY_DOMAIN = {domain: name for name, domains in _DOMAINS.items() for domain in domains.split()}
_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "gov", "ne", "net", "or", "org"})
"""Labels under a country under which names are registered (`example.co.uk`)."""


def by_domain(domain: str) -> str:
    """The receiver of a domain that is known by its name; empty: it is not."""
    return _BY_DOMAIN.get(domain, "")


def by_server(host: str) -> str:
    """The receiver to which a server of this name belongs; empty where it has no name."""
    labels = host.lower().rstrip(".").split(".")
    if len(labels) < 2 or labels[-1].isdigit() or ":" in host:
        return ""
    known = _by_end(labels, _HOSTS)
    if known:
        return known
    country = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3:] if country else labels[-2:])


def company(host: str) -> str:
    """Whose a mail server is; its name where it is not a known company's; empty: no server."""
    name = host.rstrip(".").lower()
    return _by_end(name.split("."), COMPANIES) or name


def _by_end(labels: Sequence[str], table: Mapping[str, str]) -> str:
    """What a table says of the longest end of a name that it knows; empty: it knows none."""
    ends = (".".join(labels[start:]) for start in range(len(labels)))
    return next((table[end] for end in ends if end in table), "")
