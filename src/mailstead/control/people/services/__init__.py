"""What may happen to people, and writing the audit trail."""

from mailstead.control.people.services.audit import (
    COMPANY,
    Owner,
    entry,
    record,
    record_many,
)
from mailstead.control.people.services.breached import KNOWN as KNOWN_FROM_LEAKS
from mailstead.control.people.services.breached import days_to_change, is_breached
from mailstead.control.people.services.breached import in_force as breached_rule
from mailstead.control.people.services.idempotency import drop_keys
from mailstead.control.people.services.invitations import (
    accept,
    invitation_link,
    invite,
    open_invitation,
    withdraw_invitation,
)
from mailstead.control.people.services.members import (
    change_role,
    create_member,
    demand_second_factor,
    end_customer,
    end_domain,
    remove_member,
    update_member,
    update_profile,
)
from mailstead.control.people.services.outbox import (
    drop_old,
    drop_sessions,
    post,
    post_each,
    send_due,
)
from mailstead.control.people.services.tokens import (
    create_token,
    refuse_wider,
    revoke_token,
    use_token,
)
from mailstead.control.people.services.webhooks import (
    create_webhook,
    deliver_due,
    drop_deliveries,
    enqueue,
    redeliver,
    remove_webhook,
    update_webhook,
)

__all__ = [
    "COMPANY",
    "KNOWN_FROM_LEAKS",
    "Owner",
    "accept",
    "breached_rule",
    "change_role",
    "create_member",
    "create_token",
    "create_webhook",
    "days_to_change",
    "deliver_due",
    "demand_second_factor",
    "drop_deliveries",
    "drop_keys",
    "drop_old",
    "drop_sessions",
    "end_customer",
    "end_domain",
    "enqueue",
    "entry",
    "invitation_link",
    "invite",
    "is_breached",
    "open_invitation",
    "post",
    "post_each",
    "record",
    "record_many",
    "redeliver",
    "refuse_wider",
    "remove_member",
    "remove_webhook",
    "revoke_token",
    "send_due",
    "update_member",
    "update_profile",
    "update_webhook",
    "use_token",
    "withdraw_invitation",
]
