"""What can be asked of hosting, from an actor."""

from mailstead.control.hosting.queries.certificates import (
    NamedHost,
    certificates,
    host_name_named,
    host_names,
)
from mailstead.control.hosting.queries.company import (
    AtLimit,
    Figures,
    Sold,
    at_their_limits,
    brand_of,
    figures,
    figures_with_customers,
    package_numbered,
    packages,
    packages_for,
    public_brand,
    resellers,
    sold_by,
    with_figures,
)
from mailstead.control.hosting.queries.domain_rows import (
    DomainRow,
    found_domains,
    with_contents,
)
from mailstead.control.hosting.queries.hops import (
    Outcome,
    explain,
)
from mailstead.control.hosting.queries.lists import (
    answer_state,
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
    grace,
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
from mailstead.control.hosting.queries.mailbox_search import (
    found_mailboxes,
)
from mailstead.control.hosting.queries.overview import (
    Attention,
    Step,
    attention,
    first_steps,
    nearly_full,
    pool_of,
)
from mailstead.control.hosting.queries.removed import removal_numbered, removed_at
from mailstead.control.hosting.queries.told import (
    explain_to,
)
from mailstead.control.hosting.queries.trail import (
    Difference,
    differences,
    trail,
)
from mailstead.control.hosting.queries.work import (
    job_numbered,
    jobs_of,
)
from mailstead.control.hosting.queries.zone import (
    zone_line,
)

__all__ = [
    "AtLimit",
    "Attention",
    "Difference",
    "DomainRow",
    "Figures",
    "NamedHost",
    "Outcome",
    "Sold",
    "Step",
    "answer_state",
    "app_passwords",
    "at_their_limits",
    "attention",
    "autoresponder_named",
    "autoresponders",
    "brand_of",
    "certificates",
    "client_settings",
    "customer_named",
    "customer_numbered",
    "customers",
    "differences",
    "dns_records",
    "domain_named",
    "domains",
    "explain",
    "explain_to",
    "figures",
    "figures_with_customers",
    "first_steps",
    "forwarder_named",
    "forwarders",
    "found_domains",
    "found_mailboxes",
    "grace",
    "host_name_named",
    "host_names",
    "job_numbered",
    "jobs_of",
    "mailbox_named",
    "mailbox_numbered",
    "mailboxes",
    "nearly_full",
    "package_numbered",
    "packages",
    "packages_for",
    "pool_of",
    "public_brand",
    "removal_numbered",
    "removed_at",
    "resellers",
    "route_of",
    "server_named",
    "servers",
    "sign_ins",
    "sold_by",
    "spam_settings",
    "trail",
    "with_contents",
    "with_figures",
    "zone_line",
]
