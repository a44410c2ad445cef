"""What may happen to people, and writing the audit trail."""

from mailstead.control.people.services.audit import (
    COMPANY,
    Owner,
    entry,
    record,
    record_many,
)
from mailstead.control.people.services.members import (
    accept,
    change_role,
    create_member,
    demand_second_factor,
    end_customer,
    end_domain,
    invitation_link,
    invite,
    open_invitation,
    remove_member,
    update_member,
    update_profile,
    withdraw_invitation,
)
from mailstead.control.people.services.outbox import drop_old, drop_sessions, post, send_due
from mailstead.control.people.services.tokens import create_token, revoke_token, use_token

__all__ = [
    "COMPANY",
    "Owner",
    "accept",
    "change_role",
    "create_member",
    "create_token",
    "demand_second_factor",
    "drop_old",
    "drop_sessions",
    "end_customer",
    "end_domain",
    "entry",
    "invitation_link",
    "invite",
    "open_invitation",
    "post",
    "record",
    "record_many",
    "remove_member",
    "revoke_token",
    "send_due",
    "update_member",
    "update_profile",
    "use_token",
    "withdraw_invitation",
]
