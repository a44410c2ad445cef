"""What may happen in hosting: each function one transaction with its audit entry and revision."""

from mailstead.control.hosting.rows import (
    AutoresponderRow,
    CatchAllRow,
    CustomerRow,
    DomainRow,
    ForwarderRow,
    MailboxRow,
    Result,
)
from mailstead.control.hosting.services.app_passwords import (
    create_app_password,
    remove_all_app_passwords,
    remove_app_password,
)
from mailstead.control.hosting.services.autoresponders import (
    remove_autoresponder,
    set_autoresponder,
)
from mailstead.control.hosting.services.brands import free_hostnames, set_brand
from mailstead.control.hosting.services.bulk import hashed_row, import_domains, import_mailboxes
from mailstead.control.hosting.services.common import permit
from mailstead.control.hosting.services.customers import (
    create_customer,
    note_acting,
    remove_customer,
    resume_customer,
    set_reseller,
    suspend_customer,
    update_customer,
)
from mailstead.control.hosting.services.dkim import (
    gives_way,
    import_key,
    note_key_due,
    note_seen,
    note_zone_told,
    revoke_key,
    rotate_keys,
    tell_zone_anew,
    withdraw_old,
)
from mailstead.control.hosting.services.domains import (
    create_domain,
    make_domain_alias,
    note_dns,
    note_mta_sts,
    note_zone,
    remove_domain,
    restore_domain,
    resume_domain,
    set_catch_all,
    set_domain_forwarder,
    set_domain_relay,
    suspend_domain,
)
from mailstead.control.hosting.services.forwarders import remove_forwarder, set_forwarder
from mailstead.control.hosting.services.homes import (
    add_second_server,
    drop_second_server,
    exchange_servers,
    hold_domain,
    purge_left,
)
from mailstead.control.hosting.services.host_names import (
    add_host_name,
    is_ours,
    record_certificates,
    remove_host_name,
    retry_host_name,
)
from mailstead.control.hosting.services.long_tasks import IMPORT_MAILBOXES, start_mailbox_import
from mailstead.control.hosting.services.mailbox_users import (
    log_in_of,
    post_recovery,
    recover,
    recoverable,
)
from mailstead.control.hosting.services.mailboxes import (
    create_mailbox,
    outside_address,
    remove_mailbox,
    restore_mailbox,
    resume_mailbox,
    set_login_name,
    set_password,
    set_recovery_address,
    suspend_mailbox,
    update_mailbox,
)
from mailstead.control.hosting.services.node_looks import (
    Seen,
    folders,
    limits_of,
    node_state,
    queue,
    sessions,
    sieve_text,
    test_rules,
)
from mailstead.control.hosting.services.node_orders import (
    PATIENCE,
    Acted,
    Move,
    answered,
    delete_mail,
    end_sessions,
    hold_mail,
    release_mail,
    requeue_mail,
)
from mailstead.control.hosting.services.packages import (
    apply_package,
    create_package,
    remove_package,
    update_package,
)
from mailstead.control.hosting.services.password_rules import (
    DAYS as PASSWORD_DAYS,
)
from mailstead.control.hosting.services.password_rules import (
    MOST_DAYS as MOST_PASSWORD_DAYS,
)
from mailstead.control.hosting.services.password_rules import (
    pardon_leaked,
    set_password_rule,
    stop_leaked,
)
from mailstead.control.hosting.services.proof import accept_domain, note_proof
from mailstead.control.hosting.services.purge import purge_expired
from mailstead.control.hosting.services.rehash import record_rehashed
from mailstead.control.hosting.services.rowwise import (
    import_autoresponders,
    import_catch_alls,
    import_customers,
    import_forwarders,
)
from mailstead.control.hosting.services.rules import parse_rules, set_rules, set_script
from mailstead.control.hosting.services.sending import (
    set_customer_limits,
    set_house_limits,
    set_mailbox_limits,
    set_package_limits,
)
from mailstead.control.hosting.services.sending_use import record_sending
from mailstead.control.hosting.services.servers import create_server, remove_server, update_server
from mailstead.control.hosting.services.sign_ins import drop_old_sign_ins
from mailstead.control.hosting.services.spam import set_spam_settings
from mailstead.control.hosting.services.undo import put_back_autoresponder, put_back_forwarder
from mailstead.control.hosting.services.usage import handle_event, pool_usage
from mailstead.control.hosting.services.webhooks import enqueue_webhooks
from mailstead.control.hosting.services.welcome import send_welcome

__all__ = [
    "IMPORT_MAILBOXES",
    "MOST_PASSWORD_DAYS",
    "PASSWORD_DAYS",
    "PATIENCE",
    "Acted",
    "AutoresponderRow",
    "CatchAllRow",
    "CustomerRow",
    "DomainRow",
    "ForwarderRow",
    "MailboxRow",
    "Move",
    "Result",
    "Seen",
    "accept_domain",
    "add_host_name",
    "add_second_server",
    "answered",
    "apply_package",
    "create_app_password",
    "create_customer",
    "create_domain",
    "create_mailbox",
    "create_package",
    "create_server",
    "delete_mail",
    "drop_old_sign_ins",
    "drop_second_server",
    "end_sessions",
    "enqueue_webhooks",
    "exchange_servers",
    "folders",
    "free_hostnames",
    "gives_way",
    "handle_event",
    "hashed_row",
    "hold_domain",
    "hold_mail",
    "import_autoresponders",
    "import_catch_alls",
    "import_customers",
    "import_domains",
    "import_forwarders",
    "import_key",
    "import_mailboxes",
    "is_ours",
    "limits_of",
    "log_in_of",
    "make_domain_alias",
    "node_state",
    "note_acting",
    "note_dns",
    "note_key_due",
    "note_mta_sts",
    "note_proof",
    "note_seen",
    "note_zone",
    "note_zone_told",
    "outside_address",
    "pardon_leaked",
    "parse_rules",
    "permit",
    "pool_usage",
    "post_recovery",
    "purge_expired",
    "purge_left",
    "put_back_autoresponder",
    "put_back_forwarder",
    "queue",
    "record_certificates",
    "record_rehashed",
    "record_sending",
    "recover",
    "recoverable",
    "release_mail",
    "remove_all_app_passwords",
    "remove_app_password",
    "remove_autoresponder",
    "remove_customer",
    "remove_domain",
    "remove_forwarder",
    "remove_host_name",
    "remove_mailbox",
    "remove_package",
    "remove_server",
    "requeue_mail",
    "restore_domain",
    "restore_mailbox",
    "resume_customer",
    "resume_domain",
    "resume_mailbox",
    "retry_host_name",
    "revoke_key",
    "rotate_keys",
    "send_welcome",
    "sessions",
    "set_autoresponder",
    "set_brand",
    "set_catch_all",
    "set_customer_limits",
    "set_domain_forwarder",
    "set_domain_relay",
    "set_forwarder",
    "set_house_limits",
    "set_login_name",
    "set_mailbox_limits",
    "set_package_limits",
    "set_password",
    "set_password_rule",
    "set_recovery_address",
    "set_reseller",
    "set_rules",
    "set_script",
    "set_spam_settings",
    "sieve_text",
    "start_mailbox_import",
    "stop_leaked",
    "suspend_customer",
    "suspend_domain",
    "suspend_mailbox",
    "tell_zone_anew",
    "test_rules",
    "update_customer",
    "update_mailbox",
    "update_package",
    "update_server",
    "withdraw_old",
]
