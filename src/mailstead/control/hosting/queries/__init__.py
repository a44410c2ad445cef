"""What can be asked of hosting, from an actor."""

from mailstead.control.hosting.queries.hops import Outcome, explain
from mailstead.control.hosting.queries.lists import (
    autoresponder_named,
    autoresponders,
    customer_named,
    customer_numbered,
    customers,
    dns_records,
    domain_named,
    domains,
    forwarder_named,
    forwarders,
    mailbox_named,
    mailboxes,
    route_of,
    server_named,
    servers,
)

__all__ = [
    "Outcome",
    "autoresponder_named",
    "autoresponders",
    "customer_named",
    "customer_numbered",
    "customers",
    "dns_records",
    "domain_named",
    "domains",
    "explain",
    "forwarder_named",
    "forwarders",
    "mailbox_named",
    "mailboxes",
    "route_of",
    "server_named",
    "servers",
]
