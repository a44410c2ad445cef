"""Who may do what: role × object × verb as one table, and the one place that asks it.

What an actor may *see* is decided by the queries, which start from the actor; this table says which
verbs a role has on what it sees. What is not in the table is denied. Every write passes `require`
in the transaction that does it, and every page and every operation of the API names its rule.
"""

from __future__ import annotations

from mailstead.control.people.actor import Actor, Kind
from mailstead.standards.refusal import Refusal

PUBLIC = "public"
"""The rule of a page that needs no log-in."""
SIGNED_IN = "signed-in"
"""The rule of a page that everybody has who is signed in, whoever it is."""

_ALL = "operator staff reseller customer domain_admin mailbox"
_COMPANY = "operator staff"
_SELLERS = "operator staff reseller"
_OWNERS = "operator staff reseller customer"
_ADMINS = "operator staff reseller customer domain_admin"
_PEOPLE = "operator staff reseller customer domain_admin mailbox"

# One row for each object: verbs and the roles that have them.
_ROWS: dict[str, dict[str, str]] = {
    "overview": {"view": _ALL},
    "customer": {
        "view": _ADMINS,
        "list": _SELLERS,
        "create": _SELLERS,
        "update": _SELLERS,
        "suspend": _SELLERS,
        "resume": _SELLERS,
        "remove": _SELLERS,
        "act-as": _SELLERS,
        "import": "operator",
        "make-reseller": "operator",
        "set-sending-limits": _SELLERS,
        "exempt-from-ramp": _COMPANY,
        "set-password-rule": _OWNERS,
    },
    "package": dict.fromkeys(("view", "create", "update", "remove"), _SELLERS),
    "brand": {"view": _SELLERS, "set": _SELLERS},
    "domain": {
        "view": _ADMINS,
        "create": _OWNERS,
        "update": _OWNERS,
        "suspend": _SELLERS,
        "resume": _SELLERS,
        "remove": _OWNERS,
        "restore": _OWNERS,
        "set-catch-all": _ADMINS,
        "set-forwarder": _ADMINS,
        "set-alias": _OWNERS,
        "set-relay": _COMPANY,
        **dict.fromkeys(("add-second", "hold", "unhold", "exchange", "drop-second"), _COMPANY),
        "accept": _COMPANY,
        "prove": "",
        "import": "operator",
        "purge": "",
    },
    "mailbox": {
        "view": _PEOPLE,
        "list": _ADMINS,
        "create": _ADMINS,
        "update": _ADMINS,
        "set-recovery": _PEOPLE,
        "set-login-name": _COMPANY,
        "set-password": _PEOPLE,
        "rehash-password": "",
        "suspend-login": _ADMINS,
        "suspend-sending": _ADMINS,
        "suspend-receiving": _ADMINS,
        "resume-login": _ADMINS,
        "resume-sending": _ADMINS,
        "resume-receiving": _ADMINS,
        "remove": _ADMINS,
        "restore": _ADMINS,
        "import": _ADMINS,
        "purge": "",
        "end-sessions": _PEOPLE,
        "set-sending-limits": _ADMINS,
        "send-sheet": _ADMINS,
    },
    "app-password": {"view": _PEOPLE, "create": _PEOPLE, "remove": _PEOPLE},
    "rules": {"view": _PEOPLE, "set": _PEOPLE, "test": _PEOPLE},
    "spam": {"view": _PEOPLE, "set": _PEOPLE},
    "vacation": {"view": _PEOPLE, "set": _PEOPLE, "remove": _PEOPLE},
    "sign-in": {"view": _PEOPLE},
    "sending-limits": {"view": _COMPANY, "set": "operator"},
    "sending-use": {"view": _PEOPLE},
    "folder": {"view": _PEOPLE},
    "delivery": {"view": _PEOPLE},
    "suppression": {"view": _PEOPLE, "release": _PEOPLE},
    "complaint": {"view": _PEOPLE},
    "breached": {"view": _ADMINS},
    "block": {"view": _COMPANY, "lift": _COMPANY},
    # Of the reader's own mailboxes, at the network address where they are.
    "own-block": {"view": _PEOPLE, "lift": _PEOPLE},
    "forwarder": dict.fromkeys(("view", "create", "update", "remove", "import"), _ADMINS),
    "autoresponder": {
        "view": _PEOPLE,
        # A mailbox user has one for the own address: the vacation page.
        "create": _PEOPLE,
        "update": _PEOPLE,
        "remove": _PEOPLE,
        "import": _ADMINS,
    },
    "case": {
        "view": _PEOPLE,
        "release": _PEOPLE,
        "decide": _PEOPLE,
        "recover": _PEOPLE,
        "confirm": _COMPANY,
    },
    "address": {"explain": _ADMINS},
    "report": {"view": _ADMINS, "list-unread": _COMPANY},
    "dns": {
        "view": _ADMINS,
        "check": _ADMINS,
        "push": _ADMINS,
        "set-mta-sts": _ADMINS,
        "operator-zone": _COMPANY,
        "push-zone": _COMPANY,
    },
    "dkim": {
        "view": _ADMINS,
        "rotate": _OWNERS,
        "revoke": _OWNERS,
        "import": _COMPANY,
        "sign": "",
        "withdraw": "",
    },
    "zone": {
        "view": _OWNERS,
        "update": _OWNERS,
        "remove": _OWNERS,
        # No new use: only the operator attaches what is there already.
        "import": "operator",
        "oversee": _COMPANY,
    },
    "move": {
        "view": _OWNERS,
        "confirm": _OWNERS,
        "report-loss": _OWNERS,
        "fetch-kept": _OWNERS,
        **dict.fromkeys(
            (
                *("create", "update", "remove", "read", "answer", "plan", "announce", "start"),
                *("pause", "resume", "copy", "switch", "verify", "watch", "finish", "reopen"),
                *("back", "return", "returned", "settle-loss", "redirect", "end-redirect", "pace"),
                *("check-dns", "put-webmail"),
            ),
            _COMPANY,
        ),
    },
    "export": dict.fromkeys(("view", "create", "download", "stop", "resume", "remove"), _OWNERS),
    "batch": dict.fromkeys(("view", "create", "update", "remove"), _COMPANY),
    "webmail": {"view": _PEOPLE},
    "host-name": dict.fromkeys(("view", "create", "retry", "remove"), _ADMINS),
    "certificate": {"view": _COMPANY},
    "person": {
        "view": _OWNERS,
        "invite": _OWNERS,
        "update": _OWNERS,
        "remove": _OWNERS,
        "demand-second-factor": _OWNERS,
    },
    "profile": {"view": _PEOPLE, "update": _PEOPLE},
    "token": dict.fromkeys(("view", "create", "revoke"), _OWNERS),
    "webhook": dict.fromkeys(("view", "create", "update", "remove", "redeliver"), _OWNERS),
    "audit": {"view": _PEOPLE},
    "job": {"view": _ADMINS, "create": _ADMINS, "stop": _ADMINS, "resume": _ADMINS},
    "server": {
        "view": _COMPANY,
        "create": "operator",
        "update": "operator",
        "remove": "operator",
    },
    "queue": dict.fromkeys(("view", "hold", "release", "delete", "requeue"), _COMPANY),
    "sending": {
        "view": _COMPANY,
        "rest": _COMPANY,
        **dict.fromkeys(("create", "update", "remove", "set-relay", "mark"), "operator"),
    },
    "metrics": {"view": _COMPANY},
    "reputation": {"view": _COMPANY, "check": _COMPANY},
    "style": {"view": _ALL},
}

TABLE: dict[str, frozenset[str]] = {
    f"{kind}.{verb}": frozenset(roles.split())
    for kind, verbs in _ROWS.items()
    for verb, roles in verbs.items()
}
"""`mailbox.create` to the roles that may."""

SECRET = frozenset(
    {
        "app-password.create",
        "export.create",
        "export.download",
        "mailbox.set-password",
        "mailbox.set-recovery",
        "profile.update",
        "rules.test",
        "token.create",
        "webhook.create",
    }
)
"""What nobody may do in another's place: it shows or makes a secret of theirs, or reads mail."""

# What a token of each scope may do; `read` is every `view`, `list` and `explain`.
_SCOPES: dict[str, tuple[str, ...]] = {
    "read": (),
    "mailboxes": (
        "mailbox",
        "app-password",
        "rules",
        "spam",
        "vacation",
        "forwarder",
        "autoresponder",
        "suppression",
        "case",
    ),
    "domains": ("domain", "dns", "dkim", "zone", "host-name"),
    "account": (
        "customer",
        "export",
        "package",
        "brand",
        "person",
        "token",
        "webhook",
        "job",
        "sending-limits",
    ),
    "node": ("server", "queue", "sending", "block", "reputation"),
    "moves": ("move", "batch"),
}
SCOPES = tuple(_SCOPES)
"""The scopes that a token may have."""
_READING = frozenset({"view", "list", "explain"})


def scopes_of(rule: str) -> tuple[str, ...]:
    """The scopes with any of which a token may do it; for reading, all of them."""
    kind, _, verb = rule.partition(".")
    if verb in _READING or rule == SIGNED_IN:
        return SCOPES
    return tuple(scope for scope in SCOPES if kind in _SCOPES[scope])


def _in_scope(scopes: frozenset[str], rule: str) -> bool:
    kind, _, verb = rule.partition(".")
    if verb in _READING:
        return bool(scopes)
    return any(kind in _SCOPES.get(scope, ()) for scope in scopes)


def may(actor: Actor, rule: str) -> bool:
    """Whether the actor's role has the verb at all; on which objects, the queries say."""
    if actor.kind == "system":
        return True
    if actor.kind not in TABLE.get(rule, frozenset()):
        return False
    if actor.behind is not None and rule in SECRET:
        return False
    return actor.scopes is None or _in_scope(actor.scopes, rule)


def roles_of(rule: str) -> frozenset[Kind]:
    """The roles that have a verb; empty for one that is not in the table."""
    return TABLE.get(rule, frozenset())  # type: ignore[return-value]


def require(actor: Actor, rule: str) -> None:
    """Raise `Refusal` (`forbidden`) unless the actor may; a rule that is not listed is denied."""
    if may(actor, rule):
        return
    if actor.behind is not None and rule in SECRET:
        raise Refusal(
            "forbidden-for-another",
            "This is not possible in another's place.",
            remedy="They must do it themselves.",
        )
    if actor.scopes is not None and actor.kind in TABLE.get(rule, frozenset()):
        raise Refusal(
            "scope-missing",
            "This token is not for {rule}.",
            remedy="Make one with the scope that is needed.",
            rule=rule,
        )
    raise Refusal(
        "forbidden",
        "You may not do this.",
        remedy="Ask whoever gave you your log-in for more rights.",
    )
