"""The control plane's acts, done over the API; the names and arguments are its own.

`actor` and `now` are taken and not used: who acts, the token says, and the server has its clock.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import msgspec

from mailstead.cli.remote import things
from mailstead.cli.remote.client import part
from mailstead.cli.remote.things import Thing, thing
from mailstead.cli.session import SESSION
from mailstead.control.hosting.rows import (
    AutoresponderRow,
    CatchAllRow,
    CustomerRow,
    DomainRow,
    ForwarderRow,
    MailboxRow,
    Result,
)
from mailstead.standards.mtasts import Mode
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import Route, Rule


def _do(method: str, path: str, body: object = None) -> Any:
    return SESSION.api().call(method, path, body)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _route(route: Route) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(route)
    return plain


# Servers


def create_server(*, actor: object, now: object, name: str, hostname: str) -> Thing:
    """A new node."""
    return thing(_do("POST", "/servers", {"name": name, "hostname": hostname}))


def update_server(*, actor: object, now: object, server: Thing, hostname: str) -> None:
    """Another host name."""
    server.take(thing(_do("PATCH", f"/servers/{part(server.name)}", {"hostname": hostname})))


def remove_server(*, actor: object, now: object, server: Thing) -> None:
    """A node that has no domains."""
    _do("DELETE", f"/servers/{part(server.name)}")


# Customers


def create_customer(*, actor: object, now: object, **values: Any) -> Thing:
    """A new customer."""
    return thing(_do("POST", "/customers", values))


def update_customer(
    *,
    actor: object,
    now: object,
    customer: Thing,
    no_mailbox_limit: bool = False,
    **values: Any,
) -> None:
    """What is given."""
    body = {key: value for key, value in values.items() if value is not None}
    if no_mailbox_limit:
        body["mailbox_limit"] = None
    customer.take(thing(_do("PATCH", f"/customers/{customer.pk}", body)))


def suspend_customer(*, actor: object, now: object, customer: Thing, reason: str) -> None:
    """No log-in, no sending."""
    customer.take(thing(_do("POST", f"/customers/{customer.pk}/suspend", {"reason": reason})))


def resume_customer(*, actor: object, now: object, customer: Thing) -> None:
    """The suspension ends."""
    customer.take(thing(_do("POST", f"/customers/{customer.pk}/resume")))


def set_password_rule(
    *, actor: object, now: object, customer: Thing, rule: str, days: int | None = None
) -> None:
    """What happens to passwords known from leaks."""
    path = f"/customers/{customer.pk}/password-rule"
    customer.take(thing(_do("PUT", path, {"rule": rule, "days": days})))


def remove_customer(*, actor: object, now: object, customer: Thing) -> None:
    """One without domains."""
    _do("DELETE", f"/customers/{customer.pk}")


def pool_usage(customer: Thing) -> int:
    """Bytes that all mailboxes use."""
    return int(_do("GET", f"/customers/{customer.pk}/usage")["used"])


# Domains


def create_domain(
    *,
    actor: object,
    now: object,
    name: str,
    customer: Thing,
    server: Thing | None = None,
    dkim: bool = True,
) -> Thing:
    """A new domain."""
    body = {"name": name, "customer": customer.pk, "dkim": dkim}
    return things.domain(_do("POST", "/domains", body | _node(server)))


def _node(server: Thing | None) -> dict[str, str]:
    return {"server": server.name} if server is not None else {}


def _domain(method: str, domain: Thing, what: str = "", body: object = None) -> None:
    domain.take(things.domain(_do(method, f"/domains/{part(domain.name)}{what}", body)))


def accept_domain(*, actor: object, now: object, domain: Thing, reason: str) -> None:
    """It is active."""
    body = {"reason": reason}
    domain.take(things.domain(_do("POST", f"/domains/{domain.pk}/accept", body)))


def rotate_keys(*, actor: object, now: object, domain: Thing) -> Thing:
    """A new key."""
    keys = _do("POST", f"/domains/{domain.pk}/dkim/rotate")["keys"]
    return thing(next(key for key in keys if key["state"] == "waiting"))


def revoke_key(*, actor: object, now: object, domain: Thing, selector: str, reason: str) -> Thing:
    """A key is taken back; the one that follows it."""
    path = f"/domains/{domain.pk}/dkim/{part(selector)}/revoke"
    keys = [thing(key) for key in _do("POST", path, {"reason": reason})["keys"]]
    order = ("signing", "visible", "waiting")
    return min((key for key in keys if key.state in order), key=lambda key: order.index(key.state))


def suspend_domain(*, actor: object, now: object, domain: Thing, reason: str) -> None:
    """No log-in, no sending."""
    _domain("POST", domain, "/suspend", {"reason": reason})


def resume_domain(*, actor: object, now: object, domain: Thing) -> None:
    """The suspension ends."""
    _domain("POST", domain, "/resume")


def remove_domain(*, actor: object, now: object, domain: Thing, grace: timedelta) -> None:
    """The domain and all in it; how long it can be restored is the server's setting."""
    _domain("DELETE", domain)


def restore_domain(*, actor: object, now: object, domain: Thing) -> None:
    """It is back."""
    _domain("POST", domain, "/restore")


def set_catch_all(*, actor: object, now: object, domain: Thing, route: Route | None) -> None:
    """What happens to unknown addresses."""
    if route is None:
        _domain("DELETE", domain, "/catch-all")
    else:
        _domain("PUT", domain, "/catch-all", _route(route))


def set_domain_forwarder(*, actor: object, now: object, domain: Thing, target: str | None) -> None:
    """Unknown local parts go to another domain."""
    if target is None:
        _domain("DELETE", domain, "/forward")
    else:
        _domain("PUT", domain, "/forward", {"target": target})


def set_mta_sts(*, actor: object, now: object, domain: Thing, mode: Mode) -> None:
    """What the domain asks of others about encryption."""
    _do("PUT", f"/domains/{part(domain.name)}/mta-sts", {"mode": mode.value})


def make_domain_alias(*, actor: object, now: object, domain: Thing, target: Thing | None) -> None:
    """It behaves as another domain."""
    if target is None:
        _domain("DELETE", domain, "/alias")
    else:
        _domain("PUT", domain, "/alias", {"target": target.name})


# Mailboxes and what is inside


def create_mailbox(
    *,
    actor: object,
    now: object,
    domain: Thing,
    address: str,
    password: str | None = None,
    hashed: str | None = None,
    quota: int = 0,
) -> Thing:
    """A new mailbox."""
    body = {"address": address, "quota": quota} | _secret(password, hashed)
    return thing(_do("POST", "/mailboxes", body))


def _secret(password: str | None, hashed: str | None) -> dict[str, str]:
    return {"hash": hashed} if hashed is not None else {"password": password or ""}


def _mailbox(method: str, mailbox: Thing, what: str = "", body: object = None) -> None:
    mailbox.take(thing(_do(method, f"/mailboxes/{part(mailbox.address)}{what}", body)))


def update_mailbox(*, actor: object, now: object, mailbox: Thing, quota: int) -> None:
    """Another quota."""
    _mailbox("PATCH", mailbox, "", {"quota": quota})


def set_password(
    *,
    actor: object,
    now: object,
    mailbox: Thing,
    password: str | None = None,
    hashed: str | None = None,
) -> None:
    """Another password."""
    _mailbox("POST", mailbox, "/password", _secret(password, hashed))


def suspend_mailbox(*, actor: object, now: object, mailbox: Thing, what: str, reason: str) -> None:
    """Log-in, sending or receiving."""
    _mailbox("POST", mailbox, "/suspend", {"what": [what], "reason": reason})


def resume_mailbox(*, actor: object, now: object, mailbox: Thing, what: str) -> None:
    """A suspension ends."""
    _mailbox("POST", mailbox, "/resume", {"what": [what]})


def remove_mailbox(*, actor: object, now: object, mailbox: Thing, grace: timedelta) -> None:
    """How long it can be restored is the server's setting."""
    _mailbox("DELETE", mailbox)


def restore_mailbox(*, actor: object, now: object, mailbox: Thing) -> None:
    """It is back."""
    _mailbox("POST", mailbox, "/restore")


def create_app_password(
    *, actor: object, now: object, mailbox: Thing, name: str, protocols: Collection[str] = ()
) -> tuple[Thing, str]:
    """A password for one program."""
    body = {"name": name, "protocols": list(protocols)}
    made = _do("POST", f"/mailboxes/{part(mailbox.address)}/app-passwords", body)
    return thing(made), made["password"]


def remove_app_password(*, actor: object, now: object, app_password: Thing) -> None:
    """It opens nothing any more."""
    _do("DELETE", f"{app_password.path}/{app_password.pk}")


def set_spam_settings(
    *,
    actor: object,
    now: object,
    mailbox: Thing,
    level: str,
    allow: Collection[str] = (),
    deny: Collection[str] = (),
) -> Thing:
    """The whole of them."""
    body = {"level": level, "allow": list(allow), "deny": list(deny)}
    return Thing(**_do("PUT", f"/mailboxes/{part(mailbox.address)}/spam", body))


def parse_rules(data: object) -> tuple[Rule, ...]:
    """Rules from plain data; raises `Refusal`."""
    try:
        return msgspec.convert(data, tuple[Rule, ...])
    except msgspec.ValidationError as error:
        raise Refusal(
            "rule-invalid",
            "The rules cannot be read: {error}.",
            remedy="Correct that field.",
            error=str(error),
        ) from error


def set_rules(*, actor: object, now: object, mailbox: Thing, rules: tuple[Rule, ...]) -> None:
    """All rules, in order."""
    body = {"rules": msgspec.to_builtins(rules)}
    _do("PUT", f"/mailboxes/{part(mailbox.address)}/rules", body)


# Addresses


def set_forwarder(
    *,
    actor: object,
    now: object,
    domain: Thing,
    address: str,
    route: Route,
    keep_copy: bool = False,
    new: bool = False,
) -> Thing:
    """A forwarder, made or changed."""
    body = _route(route) | {"keep_copy": keep_copy}
    if new:
        return things.forwarder(_do("POST", "/forwarders", body | {"address": address}))
    return things.forwarder(_do("PUT", f"/forwarders/{part(address)}", body))


def remove_forwarder(*, actor: object, now: object, forwarder: Thing) -> None:
    """It ends."""
    _do("DELETE", f"/forwarders/{part(forwarder.address)}")


def set_autoresponder(
    *, actor: object, now: object, domain: Thing, address: str, new: bool = False, **values: Any
) -> Thing:
    """An automatic answer, made or changed."""
    body = {key: _plain(value) for key, value in values.items()}
    if new:
        return things.autoresponder(_do("POST", "/autoresponders", body | {"address": address}))
    return things.autoresponder(_do("PUT", f"/autoresponders/{part(address)}", body))


def remove_autoresponder(*, actor: object, now: object, answer: Thing) -> None:
    """It ends."""
    _do("DELETE", f"/autoresponders/{part(answer.address)}")


# Many at once


def _import(kind: str, rows: list[dict[str, Any]], dry_run: bool, **more: Any) -> list[Result]:
    if not rows:
        return []
    answer = _do("POST", f"/imports/{kind}", {"rows": rows, "dry_run": dry_run} | more)
    return [
        Refusal(item["code"], item["words"], remedy=item["remedy"])
        if item["result"] == "refused"
        else str(item["result"])
        for item in answer["results"]
    ]


def import_customers(
    *, actor: object, now: object, rows: Sequence[CustomerRow], dry_run: bool = False
) -> list[Result]:
    """A batch of customers."""
    return _import("customers", [asdict(row) for row in rows], dry_run)


def import_domains(
    *,
    actor: object,
    now: object,
    rows: Sequence[DomainRow],
    server: Thing | None,
    dkim: bool = True,
    dry_run: bool = False,
) -> list[Result]:
    """A batch of domains."""
    return _import("domains", [asdict(row) for row in rows], dry_run, dkim=dkim, **_node(server))


def import_mailboxes(
    *, actor: object, now: object, rows: Sequence[MailboxRow], dry_run: bool = False
) -> list[Result]:
    """A batch of mailboxes."""
    plain = [
        {
            "address": row.address,
            "password": row.password,
            "hash": row.hashed,
            "quota": row.quota,
            "name": row.name,
        }
        for row in rows
    ]
    return _import("mailboxes", plain, dry_run)


def import_forwarders(
    *, actor: object, now: object, rows: Sequence[ForwarderRow], dry_run: bool = False
) -> list[Result]:
    """A batch of forwarders."""
    plain = [
        _route(row.route) | {"address": row.address, "keep_copy": row.keep_copy} for row in rows
    ]
    return _import("forwarders", plain, dry_run)


def import_catch_alls(
    *, actor: object, now: object, rows: Sequence[CatchAllRow], dry_run: bool = False
) -> list[Result]:
    """A batch of catch-alls."""
    plain = [_route(row.route) | {"domain": row.domain} for row in rows]
    return _import("catch-alls", plain, dry_run)


def import_autoresponders(
    *, actor: object, now: object, rows: Sequence[AutoresponderRow], dry_run: bool = False
) -> list[Result]:
    """A batch of automatic answers."""
    plain = [{k: _plain(v) for k, v in asdict(row).items()} for row in rows]
    return _import("autoresponders", plain, dry_run)
