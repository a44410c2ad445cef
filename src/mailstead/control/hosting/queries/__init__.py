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
from mailstead.control.hosting.queries.mailbox import (
    app_passwords,
    client_settings,
    mailbox_numbered,
    sign_ins,
    spam_settings,
)
from mailstead.control.hosting.queries.told import explain_to

__all__ = [
    "Outcome",
    "app_passwords",
    "autoresponder_named",
    "autoresponders",
    "client_settings",
    "customer_named",
    "customer_numbered",
    "customers",
    "dns_records",
    "domain_named",
    "domains",
    "explain",
    "explain_to",
    "forwarder_named",
    "forwarders",
    "mailbox_named",
    "mailbox_numbered",
    "mailboxes",
    "route_of",
    "server_named",
    "servers",
    "sign_ins",
    "spam_settings",
]
