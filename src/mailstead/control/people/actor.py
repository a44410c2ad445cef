"""The actor: in whose name something is asked or done; the first argument of every service."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

Kind = Literal["system", "operator", "staff", "reseller", "customer", "domain_admin", "mailbox"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Actor:
    """Who acts. `kind` decides what is permitted, the numbers what is visible."""

    kind: Kind
    name: str
    """The name with which they sign in; stands in the audit trail."""
    person: int = 0
    """Number of the log-in; 0: the command line or the system."""
    membership: int = 0
    customer: int = 0
    """Whose domains: of a reseller, a customer, a domain administrator."""
    domains: frozenset[int] = frozenset()
    """The domains of a domain administrator."""
    mailbox: int = 0
    """The mailbox of a mailbox user."""
    behind: Actor | None = None
    """Who really sits there, when acting in this one's place."""
    reason: str = ""
    """Why they act in another's place."""
    address: str = ""
    """The client's network address."""
    request: str = ""
    """The number of the HTTP request."""
    scopes: frozenset[str] | None = None
    """What an API token is for; None: everything that the role may."""

    @classmethod
    def system(cls) -> Actor:
        """Mailstead itself: the worker, a node's event."""
        return cls(kind="system", name="system")

    @classmethod
    def operator(cls, name: str) -> Actor:
        """A person who runs the company; on the command line the name of the system's user."""
        return cls(kind="operator", name=name[:100] or "operator")

    @property
    def sees_everything(self) -> bool:
        """Whether every tenant's objects are visible to this actor."""
        return self.kind in ("system", "operator", "staff")

    @property
    def really(self) -> Actor:
        """The one who sits there."""
        return self.behind or self

    def standing_in(self, other: Actor, reason: str) -> Actor:
        """`other` as acted by this one."""
        return replace(
            other, behind=self, reason=reason, address=self.address, request=self.request
        )

    def __str__(self) -> str:
        return self.name if self.kind == "system" else f"{self.kind}:{self.name}"

    def to_json(self) -> dict[str, Any]:
        """As a job keeps it."""
        plain = asdict(self)
        plain["domains"] = sorted(self.domains)
        plain["scopes"] = None if self.scopes is None else sorted(self.scopes)
        plain["behind"] = self.behind.to_json() if self.behind else None
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Actor:
        """What `to_json` has written."""
        behind, scopes = plain.get("behind"), plain.get("scopes")
        return cls(
            **{
                **plain,
                "domains": frozenset(plain.get("domains", ())),
                "scopes": None if scopes is None else frozenset(scopes),
                "behind": cls.from_json(behind) if behind else None,
            }
        )
