"""What is asked about keys, over the API; names and arguments are the control plane's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from mailstead.cli.remote.client import part
from mailstead.cli.remote.things import Thing
from mailstead.cli.session import SESSION


def key_rows(domain: Thing) -> list[dict[str, Any]]:
    """The keys of a domain."""
    found = SESSION.api().get(f"/domains/{domain.pk}/dkim")["keys"]
    return [
        {
            "selector": key["selector"],
            "state": "revoked" if key["revoked"] else key["state"],
            "since": datetime.fromisoformat(key["since"]) if key["since"] else None,
            "next": key["following"],
            "name": key["name"],
        }
        for key in found
    ]


def check_domain(*, actor: object, now: object, domain: Thing) -> None:
    """Look at the domain's DNS now."""
    SESSION.api().call("POST", f"/domains/{part(domain.name)}/dns/check", None)


def finding_rows(domain: Thing) -> list[dict[str, str]]:
    """What the last look found of each record."""
    found = SESSION.api().get(f"/domains/{part(domain.name)}/dns")
    return [
        {
            "record": one["purpose"],
            "name": one["name"],
            "type": one["type"],
            "verdict": one["verdict"] or "",
            "todo": one["todo"],
            "publish": one["publish"],
        }
        for one in (*found["records"], *found["others"])
    ]


def zone_text(actor: object, now: object) -> Iterator[str]:
    """The company's zone of keys."""
    yield SESSION.api().get("/operator-zone")["text"]


def push_all(*, actor: object, now: object) -> int:
    """Tell its servers every name again."""
    return int(SESSION.api().call("POST", "/operator-zone/push", None)["names"])
