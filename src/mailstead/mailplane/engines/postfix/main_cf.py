"""What stands in main.cf, and why: each entry is a name, a value and the reason.

Only settings that are not Postfix's defaults stand here. Values that come from outside are checked
in `render`.
"""

from __future__ import annotations

from mailstead.mailplane.engines.postfix.model import (
    CERTIFICATE,
    GENERATION,
    NAMES,
    ROOM,
    TIGHT,
    PostfixModel,
    facts_file,
    srs_file,
)
from mailstead.mailplane.engines.postfix.sending import CONCURRENCY_WHEN_NEW
from mailstead.standards.address import NODE_POSTMASTER
from mailstead.wire.pools import by_address

Entry = tuple[str, str, str]
"""Name, value, reason."""

_STALE = (
    "421 4.7.0 The password of this mailbox has changed or the mailbox was removed; "
    "sign in again with the current password"
)
_ANONYMOUS = "530 5.7.0 Sign in first: this port takes mail from the users of this host only"

_GUARD_AWAY = "451 4.3.0 Mail cannot be checked before sending just now; send again in a minute"


def entries(model: PostfixModel) -> list[Entry]:
    """All settings, in the order in which a reader wants them."""
    return [
        *_places(model),
        *_identity(model),
        *_lookups(model),
        *_inbound(model),
        *_dialog(),
        *_submission(model),
        *_tls(model),
        *_tls_out(model),
        *_delivery(),
        *_new_addresses(model),
        *_milter(model),
    ]


def _places(model: PostfixModel) -> list[Entry]:
    home = model.home
    return [
        ("compatibility_level", "3.6", "No backwards-compatible defaults."),
        ("queue_directory", str(home.spool), "This instance's own queue."),
        ("data_directory", str(home.postfix_data), "This instance's own caches."),
        (
            "maillog_file",
            f"{home.log}/postfix.log",
            "No syslog needed. A file, not the supervisor's pipe: a pipe without a reader would\n"
            "stop postlogd, and with it every process that logs.",
        ),
        ("maillog_file_prefixes", str(home.log), "Where postlogd may write."),
        (
            "lmdb_map_size",
            "4294967296",
            "Address space of a map, bytes: room for millions of addresses.",
        ),
        (
            "import_environment",
            "MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME "
            "MAILSTEAD_HOME",
            "The instance's mark stays on every process, so that leftovers can be found.",
        ),
    ]


def _identity(model: PostfixModel) -> list[Entry]:
    return [
        ("myhostname", model.hostname, "The name in banner, HELO and bounces."),
        ("smtpd_banner", "$myhostname ESMTP", "No software name for scanners."),
        *_host_mail(model),
        (
            "mynetworks",
            "",
            "Nobody may relay without a log-in, the machine itself included: a web application\n"
            "on this host must log in like any client.",
        ),
        ("inet_protocols", "all" if model.ipv6 else "ipv4", "IPv6 where the kernel has it."),
        (
            "parent_domain_matches_subdomains",
            "",
            "The default makes example.org's entry answer for sub.example.org too, which may be\n"
            "another customer's domain or not be hosted here at all.",
        ),
        (
            "allow_percent_hack",
            "no",
            "user%other@here is a local part like any other, not an address elsewhere.",
        ),
        ("swap_bangpath", "no", "The same for other!user."),
        (
            "smtputf8_enable",
            "no",
            "Dovecot 2.3's LMTP has no SMTPUTF8: a message accepted with it would bounce later.",
        ),
        ("recipient_delimiter", model.recipient_delimiter, "Sub-addresses (RFC 5233)."),
        ("message_size_limit", str(model.message_limit), "Largest message, bytes."),
        (
            "mailbox_size_limit",
            "0",
            "Quota is Dovecot's task; a limit under message_size_limit would be refused.",
        ),
        ("virtual_mailbox_limit", "0", "As above."),
        ("biff", "no", "No comsat here."),
        ("enable_long_queue_ids", "yes", "Queue IDs are never used twice."),
    ]


def _host_mail(model: PostfixModel) -> list[Entry]:
    """Mail for the host's own name: RFC 2142's names go to the operator, all others are refused."""
    names = ("postmaster", "abuse", "hostmaster", "security", "mailer-daemon")
    reader = model.operator or f"postmaster@{model.hostname}"
    aliases = [NODE_POSTMASTER, *(f"{name}@{model.hostname}" for name in names)]
    ends = ", ".join(f"{{{alias} = {reader}}}" for alias in aliases)
    if model.operator:
        transport, reason = "error:5.1.1 Only postmaster is here", "All of them are aliases."
    else:
        transport, reason = (
            "postmaster:",
            "No operator is named: kept, never lost (RFC 5321 §4.5.1).",
        )
    boxes = [local for local, _ in model.reports]
    known = ", ".join(f"{{{name} = ok}}" for name in (*names, *boxes))
    return [
        ("mydestination", "$myhostname", "The host's own name has no Unix accounts behind it."),
        (
            "local_recipient_maps",
            f"inline:{{{known}}}",
            "Which addresses the host itself has (RFC 2142).",
        ),
        ("local_transport", transport, reason),
        ("alias_maps", "", "/etc/aliases is another mail system's."),
        ("alias_database", "", "As above."),
        (
            "virtual_alias_maps",
            f"lmdb:{model.home.maps}/aliases, inline:{{{ends}}}, "
            f"pipemap:{{regexp:{srs_file(model)}, tcp:127.0.0.1:{model.srs_back}}}",
            "Forwarders, catch-alls, domain aliases; the postmaster of host and domains; senders\n"
            "that were rewritten when we forwarded their mail: bounces go back to them.\n"
            "PostSRSd is asked about no other address.",
        ),
    ]


def _lookups(model: PostfixModel) -> list[Entry]:
    maps = model.home.maps
    return [
        (
            "virtual_mailbox_domains",
            f"lmdb:{maps}/domains",
            "The hosted domains. lmdb: changed in place by postmap without any restart; Postfix's\n"
            "sqlite: dies when the file is locked, its pgsql: is blind for 60 s after one failure.",
        ),
        (
            "virtual_mailbox_maps",
            f"lmdb:{maps}/recipients",
            "Which addresses exist; the value is read by check_recipient_access.",
        ),
        (
            "virtual_alias_expansion_limit",
            "5000",
            "A forwarder may have many destinations (default 1000).",
        ),
        ("transport_maps", *_transports(model)),
        (
            "sender_dependent_default_transport_maps",
            f"inline:{{{{<> = smtp:}}, {{@{model.hostname} = smtp:}}}}, lmdb:{maps}/classes",
            "Who sends decides how mail leaves: whose sender is here goes straight out.",
        ),
        (
            "default_transport",
            f"forward:[127.0.0.1]:{model.forward}",
            "What comes from nobody here is forwarded, and needs another sender before it leaves\n"
            "(docs/decisions/0022). Not `static:` in the maps above: that would answer for the\n"
            "whole address before the others are asked for the domain.",
        ),
        ("virtual_transport", f"lmtp:unix:{model.home.dovecot_run}/lmtp", "Dovecot delivers."),
    ]


def _transports(model: PostfixModel) -> tuple[str, str]:
    value = f"lmdb:{model.home.maps}/transport"
    if not model.reports:
        return value, "Refused and dropped ends of a chain."
    boxes = ", ".join(f"{{{local}@{model.hostname} = reports:}}" for local, _ in model.reports)
    reason = "Refused and dropped ends of a chain; reports to the host itself (decision 0029)."
    return f"{value}, inline:{{{boxes}}}", reason


def _inbound(model: PostfixModel) -> list[Entry]:
    return [
        (
            "smtpd_client_restrictions",
            f"check_client_access btree:{model.home.maps}/{GENERATION}",
            "An empty table whose change makes smtpd(8) start anew (docs/decisions/0007).",
        ),
        ("smtpd_relay_restrictions", "reject_unauth_destination", "No relaying, from no address."),
        (
            "smtpd_recipient_restrictions",
            "reject_unauth_destination, "
            f"check_recipient_access lmdb:{model.home.maps}/recipients, "
            f"reject_unlisted_recipient, check_recipient_access lmdb:{model.home.maps}/{TIGHT}",
            "Unknown, suspended and full mailboxes are refused here, not bounced later.",
        ),
        (
            ROOM,
            f"check_policy_service {{ unix:{model.home.dovecot_run}/quota-status, "
            "timeout=5s, try_limit=1, default_action=DUNNO }",
            "Asked only where it may be short: quota-status opens the mailbox, which costs\n"
            "as much as half a delivery (docs/decisions/0014).\n"
            "When it is away mail is taken in: LMTP asks again.",
        ),
        (
            "smtpd_end_of_data_restrictions",
            "",
            "Must stay empty on 3.7.11: a rejection there leaves MAIL and RCPT state behind and\n"
            "lets a second message through (fixed in 3.7.22). Policy belongs at RCPT.",
        ),
        ("smtpd_proxy_filter", "", "Must stay empty: its smuggling defects are fixed in 3.7.22."),
    ]


def _dialog() -> list[Entry]:
    return [
        ("smtpd_helo_required", "yes", "RFC 5321 §4.1.1.1."),
        ("disable_vrfy_command", "yes", "No list of addresses for harvesters."),
        (
            "smtpd_forbid_bare_newline",
            "normalize",
            "SMTP smuggling (CVE-2023-51764): open by default in Postfix 3.7.",
        ),
        (
            "smtpd_forbid_bare_newline_exclusions",
            "",
            "The default excludes mynetworks: a node of the fleet would re-open the hole.",
        ),
        (
            "smtpd_forbid_unauth_pipelining",
            "yes",
            "Commands sent ahead of their turn are refused; default no in 3.7.",
        ),
        (
            "smtpd_discard_ehlo_keywords",
            "chunking, etrn, silent-discard",
            "BDAT has defects fixed only in 3.7.22; ETRN serves nobody here.",
        ),
        (
            "smtpd_timeout",
            "${stress?{10}:{120}}s",
            "300 s of silence hold a process; RFC 5321 §4.5.3.2 asks the client to be patient, "
            "not us.",
        ),
        (
            "smtpd_client_event_limit_exceptions",
            "127.0.0.0/8, [::1]",
            "Webmail on this machine is many users behind one address; the default is mynetworks.",
        ),
        (
            "local_header_rewrite_clients",
            "",
            "Mail from others is not touched; the default touches what comes from this machine.",
        ),
    ]


def _submission(model: PostfixModel) -> list[Entry]:
    maps = model.home.maps
    guard = _ask_guard(model)
    return [
        ("smtpd_sasl_type", "dovecot", "Dovecot knows the passwords."),
        (
            "service_throttle_time",
            "1s",
            "An smtpd(8) for submission that starts while Dovecot does not answer ends at once,\n"
            "and master(8) would then start none for 60 s: a minute without submission for a\n"
            "restart of a second.",
        ),
        ("smtpd_sasl_path", f"{model.home.dovecot_run}/postfix-auth", "Its socket."),
        (
            "smtpd_tls_auth_only",
            "yes",
            "No AUTH without TLS; on port 25 there is none at all (smtpd_sasl_auth_enable).",
        ),
        (
            "smtpd_sender_login_maps",
            f"lmdb:{maps}/senders",
            "Which SMTP log-ins own an envelope sender.",
        ),
        (
            "smtpd_restriction_classes",
            f"submission_permitted, {ROOM}",
            "Words that the maps of credentials and of tight mailboxes may answer with.",
        ),
        ("submission_permitted", "permit_sasl_authenticated, reject", "What that word means."),
        (
            "submission_client_restrictions",
            f"check_sasl_access lmdb:{maps}/credentials, "
            f"check_sasl_access static:{{{_STALE}}}, "
            f"check_client_access static:{{{_ANONYMOUS}}}",
            "A positive list, asked at every RCPT: a session opened with a password that is no\n"
            "longer valid ends here (docs/decisions/0001). First of all restrictions, because a\n"
            "stale log-in owns no sender either, and 'not owned' would mislead its user.",
        ),
        (
            "submission_sender_restrictions",
            "reject_non_fqdn_sender, reject_sender_login_mismatch",
            "The sender must belong to the log-in.",
        ),
        (
            "submission_recipient_restrictions",
            f"reject_non_fqdn_recipient, check_recipient_access lmdb:{maps}/recipients, "
            f"reject_unlisted_recipient, {_ask_guard_or_go_on(model)}, "
            "permit_sasl_authenticated, reject",
            "A typing error is said at once, not bounced; so is a recipient who was not there\n"
            "twice (docs/decisions/0031). When the guard is away such mail goes out: what must\n"
            "not be passed by is asked at DATA.",
        ),
        (
            "submission_data_restrictions",
            guard,
            "The guard decides about the message as a whole where Postfix knows how many\n"
            "recipients it has (docs/decisions/0025). Five tries with a second between them\n"
            "bridge a restart of the guard; when it stays away mail waits at the sender, none\n"
            "goes out uncounted.",
        ),
    ]


def _ask_guard(model: PostfixModel) -> str:
    """The restriction that asks the guard; for the submission ports only."""
    return (
        f"check_policy_service {{ unix:{model.home.guard_socket}, timeout=5s, try_limit=5, "
        f"{{ default_action = {_GUARD_AWAY} }} }}"
    )


def _ask_guard_or_go_on(model: PostfixModel) -> str:
    """The same where nothing depends on it: asked once, and no answer is no refusal."""
    return (
        f"check_policy_service {{ unix:{model.home.guard_socket}, timeout=5s, try_limit=1, "
        "default_action=DUNNO }"
    )


def _tls(model: PostfixModel) -> list[Entry]:
    home = model.home
    return [
        (
            "smtpd_tls_chain_files",
            f"{home.certificate_key}, {home.certificate}",
            "An ECDSA key costs a fifteenth of RSA's per handshake.",
        ),
        (
            "tls_server_sni_maps",
            f"lmdb:{home.maps}/{NAMES}, btree:{home.maps}/{CERTIFICATE}",
            "Host names with a certificate of their own; others get the one above. The\n"
            "second table is empty: its change makes smtpd(8) start anew and read the one above.",
        ),
        ("smtpd_tls_security_level", "may", "STARTTLS is offered to every server (RFC 3207)."),
        ("smtpd_tls_protocols", ">=TLSv1.2", "RFC 8996 retired the older ones."),
        ("smtpd_tls_mandatory_protocols", ">=TLSv1.2", "The same where TLS is demanded."),
        ("smtpd_tls_mandatory_ciphers", "high", "Clients that log in are modern."),
        ("tls_preempt_cipherlist", "yes", "The server's order of ciphers."),
        (
            "tls_ssl_options",
            "NO_COMPRESSION, NO_RENEGOTIATION",
            "CRIME, and renegotiation as a denial of service.",
        ),
        (
            "smtpd_tls_session_cache_database",
            "",
            "Must stay empty: session tickets do the same without a database.",
        ),
        ("smtpd_tls_loglevel", "1", "One line a session: protocol and cipher."),
        ("smtpd_tls_received_header", "yes", "Shows the reader whether TLS was used."),
    ]


def _tls_out(model: PostfixModel) -> list[Entry]:
    return [
        *_policies(model),
        ("smtp_tls_loglevel", "1", "One line a session."),
        ("smtp_tls_connection_reuse", "yes", "Saves handshakes to busy receivers."),
        (
            "smtp_tls_session_cache_database",
            "lmdb:$data_directory/smtp_scache",
            "Resumes sessions with receivers.",
        ),
        (
            "smtp_tls_CApath",
            "/etc/ssl/certs",
            "Lets the log tell verified receivers from others; MTA-STS is measured by it.",
        ),
        *_authorities(model),
    ]


def _policies(model: PostfixModel) -> list[Entry]:
    """DANE and MTA-STS (docs/decisions/0029)."""
    found: list[Entry] = []
    if model.dane:
        found += [
            ("smtp_dns_support_level", "dnssec", "Asks the resolver what it has validated."),
            (
                "smtp_tls_security_level",
                "dane",
                "Where a receiver's signed zone names its certificate, nothing else is taken\n"
                "(RFC 7672); everywhere else opportunistic TLS (RFC 7435).",
            ),
        ]
    else:
        found.append(("smtp_tls_security_level", "may", "Opportunistic TLS out (RFC 7435)."))
    if model.tls_policy:
        reason = "MTA-STS policies that are enforced (RFC 8461); without an answer mail waits."
        found.append(("smtp_tls_policy_maps", model.tls_policy, reason))
    return found


def _authorities(model: PostfixModel) -> list[Entry]:
    if not model.authorities:
        return []
    reason = "Authorities that the settings name besides the system's."
    return [("smtp_tls_CAfile", model.authorities, reason)]


def _delivery() -> list[Entry]:
    return [
        (
            "lmtp_destination_concurrency_limit",
            "50",
            "All local mail is one destination; the default of 20 would be the ceiling.",
        ),
        (
            "lmtp_destination_concurrency_failed_cohort_limit",
            "100",
            "Trying a local socket costs nothing: a short stop of Dovecot must not put the whole\n"
            "store aside as dead.",
        ),
        ("smtp_connect_timeout", "10s", "A dead receiver holds a process 30 s by default."),
        (
            "minimal_backoff_time",
            "60s",
            "First retry after a minute (greylisting, a restart of Dovecot); the pause doubles.",
        ),
        ("queue_run_delay", "60s", "Must not be longer than the shortest pause."),
        ("bounce_queue_lifetime", "1d", "Nobody waits for a bounce longer."),
        ("delay_warning_time", "4h", "The sender hears of a delay."),
    ]


def _new_addresses(model: PostfixModel) -> list[Entry]:
    return [
        (
            f"{by_address(one.number)}_destination_concurrency_limit",
            str(CONCURRENCY_WHEN_NEW),
            "A new address is careful: many connections at once look like a hijacked machine.",
        )
        for one in model.sending.addresses
        if one.state == "warming"
    ]


def _milter(model: PostfixModel) -> list[Entry]:
    if model.milter is None:
        return []
    return [
        ("smtpd_milters", model.milter, "Rspamd: scan in and out, sign out."),
        (
            "smtpd_milter_maps",
            f"lmdb:{model.home.maps}/peers",
            "Nodes of ours pass on mail of domains that move: they have scanned it, and here its\n"
            "senders' own rules (SPF) would fail.",
        ),
        (
            "milter_default_action",
            "tempfail",
            "Without Rspamd mail waits at the sender; it is neither lost nor unscanned.",
        ),
        (
            "milter_mail_macros",
            "i {mail_addr} {client_addr} {client_name} {auth_authen} {auth_type}",
            "Rspamd tells authenticated mail by auth_authen.",
        ),
        (
            "milter_header_checks",
            f"regexp:{facts_file(model)}",
            "What Rspamd tells of the message (engines/rspamd/facts.py) is logged and taken out.",
        ),
        ("milter_connect_timeout", "5s", "A dead Rspamd is noticed soon (default 30 s)."),
        (
            "milter_content_timeout",
            "120s",
            "Longer, and senders hang up and send again: duplicates (default 300 s).",
        ),
    ]
