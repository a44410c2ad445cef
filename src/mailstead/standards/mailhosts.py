"""Whose a mail server is, by the end of its name, as far as people know the company."""

from __future__ import annotations

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


def company(host: str) -> str:
    """Whose a mail server is; its name where it is not a known company's; empty: no server."""
    name = host.rstrip(".").lower()
    parts = name.split(".")
    for first in range(len(parts)):
        found = COMPANIES.get(".".join(parts[first:]))
        if found is not None:
            return found
    return name
