"""Postfix's files from the model: main.cf, master.cf. The only place that escapes for Postfix.

Every setting that is not Postfix's default carries its reason as a comment above it.
"""

from __future__ import annotations

from mailstead.mailplane.engines.files import File
from mailstead.mailplane.engines.postfix.model import PostfixModel
from mailstead.standards.refusal import Refusal

_STALE = (
    "421 4.7.0 The password of this mailbox has changed or the mailbox was removed; "
    "sign in again with the current password"
)

Entry = tuple[str, str, str]
"""Name, value, reason."""


def render(model: PostfixModel) -> list[File]:
    """All files of this Postfix; raises `Refusal` when a value cannot stand in main.cf."""
    config = model.home.postfix
    return [
        File(config / "main.cf", _main(model)),
        File(config / "master.cf", _master(model)),
    ]


def _main(model: PostfixModel) -> str:
    lines = ["# Made by Mailstead from its settings; changes here are overwritten.", ""]
    for group in (
        _places(model),
        _identity(model),
        _lookups(model),
        _inbound(model),
        _submission(model),
        _tls(model),
        _delivery(model),
        _milter(model),
    ):
        for name, value, reason in group:
            lines += [f"# {line}" for line in reason.splitlines()]
            lines += [f"{name} = {_value(name, value)}".rstrip(), ""]
    return "\n".join(lines)


def _value(name: str, value: str) -> str:
    """A value as main.cf takes it: one line, no comment, `$` only where we write it ourselves."""
    if any(ord(c) < 0x20 or ord(c) == 0x7F for c in value):
        raise Refusal(
            "postfix-value-invalid",
            f"The value of {name} has a line break or a control character.",
            remedy="Correct the setting that it comes from.",
        )
    return value


def _places(model: PostfixModel) -> list[Entry]:
    home = model.home
    return [
        ("compatibility_level", "3.6", "No backwards-compatible defaults."),
        ("queue_directory", str(home.spool), "This instance's own queue."),
        ("data_directory", str(home.postfix_data), "This instance's own caches."),
        (
            "maillog_file",
            str(home.log / "postfix.log"),
            "No syslog needed; postlogd writes the file.",
        ),
        ("maillog_file_prefixes", str(home.log), "Where postlogd may write."),
        (
            "maillog_file_permissions",
            "0644",
            "Read by the agent; it holds no secrets.",
        ),
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
    entries = [
        ("myhostname", model.hostname, "The name in banner, HELO and bounces."),
        ("myorigin", "$myhostname", "Mail of the machine itself comes from the host's name."),
        ("smtpd_banner", "$myhostname ESMTP", "No software name for scanners."),
        ("mydestination", "", "No Unix accounts receive mail here."),
        (
            "mynetworks",
            "",
            "Nobody may relay without authentication, the machine itself included:\n"
            "a web application on this host must log in like any client.",
        ),
        ("inet_interfaces", "all", "Listen on every address."),
        (
            "inet_protocols",
            "all" if model.ipv6 else "ipv4",
            "IPv6 where the kernel has it.",
        ),
        ("local_recipient_maps", "", "There is no local delivery."),
        (
            "local_transport",
            "error:5.1.1 mail for this host itself is not accepted",
            "There is no local delivery.",
        ),
        ("alias_maps", "", "There is no local delivery."),
        ("alias_database", "", "There is no local delivery."),
        (
            "smtputf8_enable",
            "no",
            "Dovecot 2.3's LMTP has no SMTPUTF8: a message accepted with it would bounce later.",
        ),
        (
            "recipient_delimiter",
            model.recipient_delimiter,
            "Sub-addresses (RFC 5233).",
        ),
        ("message_size_limit", str(model.message_limit), "Largest message, bytes."),
        ("mailbox_size_limit", "0", "Quota is Dovecot's task."),
        ("virtual_mailbox_limit", "0", "Quota is Dovecot's task."),
        ("biff", "no", "No comsat here."),
        ("enable_long_queue_ids", "yes", "Queue IDs are never used twice."),
    ]
    if model.operator:
        entries += [
            ("notify_classes", "resource, software", "What the operator must know."),
            ("2bounce_notice_recipient", model.operator, "Bounces that bounce."),
            ("error_notice_recipient", model.operator, "Notices to the operator."),
        ]
    return entries


def _lookups(model: PostfixModel) -> list[Entry]:
    maps = model.home.maps
    return [
        (
            "virtual_mailbox_domains",
            f"lmdb:{maps}/domains",
            "The hosted domains. lmdb: read without locks by us, changed in place by postmap,\n"
            "no restart; Postfix's sqlite: dies when the file is locked.",
        ),
        (
            "virtual_mailbox_maps",
            f"lmdb:{maps}/recipients",
            "Which addresses exist; the value is read by check_recipient_access.",
        ),
        ("virtual_alias_maps", f"lmdb:{maps}/aliases", "Forwarders, catch-alls, domain aliases."),
        (
            "virtual_alias_expansion_limit",
            "5000",
            "A forwarder may have many destinations (default 1000).",
        ),
        ("transport_maps", f"lmdb:{maps}/transport", "Refused and dropped ends of a chain."),
        (
            "virtual_transport",
            f"lmtp:unix:{model.home.dovecot_run}/lmtp",
            "Dovecot delivers.",
        ),
    ]


def _inbound(model: PostfixModel) -> list[Entry]:
    maps = model.home.maps
    quota = f"check_policy_service unix:{model.home.dovecot_run}/quota-status"
    return [
        (
            "smtpd_relay_restrictions",
            "reject_unauth_destination",
            "No relaying, from no address.",
        ),
        (
            "smtpd_recipient_restrictions",
            "reject_non_fqdn_recipient, reject_unauth_destination, "
            f"check_recipient_access lmdb:{maps}/recipients, reject_unlisted_recipient, "
            f"{{ {quota}, timeout=5s, default_action=DUNNO }}",
            "Unknown, suspended and full mailboxes are refused here, not bounced later.\n"
            "When quota-status is away mail is taken in: LMTP asks again.",
        ),
        ("smtpd_helo_required", "yes", "RFC 5321 §4.1.1.1."),
        ("disable_vrfy_command", "yes", "No list of addresses for harvesters."),
        ("strict_rfc821_envelopes", "yes", "Angle brackets and no comments, as RFC 5321 says."),
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
            "smtpd_reject_unlisted_sender",
            "yes",
            "A hosted sender address that does not exist is a forgery or a typing error.",
        ),
        (
            "smtpd_timeout",
            "${stress?{10}:{120}}s",
            "300 s of silence hold a process; RFC 5321 §4.5.3.2 asks the client to be patient, "
            "not us.",
        ),
        (
            "smtpd_client_auth_rate_limit",
            "60",
            "Password guessing from one address, attempts a minute.",
        ),
        (
            "smtpd_end_of_data_restrictions",
            "",
            "Must stay empty on 3.7.11: a rejection there leaves MAIL and RCPT state behind\n"
            "and lets a second message through (fixed in 3.7.22).",
        ),
    ]


def _submission(model: PostfixModel) -> list[Entry]:
    maps = model.home.maps
    return [
        ("smtpd_sasl_type", "dovecot", "Dovecot knows the passwords."),
        ("smtpd_sasl_path", f"{model.home.dovecot_run}/postfix-auth", "Its socket."),
        ("smtpd_sasl_auth_enable", "no", "Port 25 has no AUTH; submission turns it on."),
        (
            "smtpd_sasl_security_options",
            "noanonymous",
            "Plain text only ever inside TLS (smtpd_tls_auth_only).",
        ),
        ("smtpd_tls_auth_only", "yes", "No AUTH without TLS."),
        (
            "smtpd_sender_login_maps",
            f"lmdb:{maps}/senders",
            "Which SMTP log-ins own an envelope sender.",
        ),
        (
            "submission_client_restrictions",
            f"check_sasl_access lmdb:{maps}/credentials, check_sasl_access static:{{{_STALE}}}",
            "A positive list, asked at every RCPT: a session opened with a password that is no\n"
            "longer valid ends here (docs/decisions/0001).",
        ),
        (
            "submission_relay_restrictions",
            "permit_sasl_authenticated, reject",
            "Who has not logged in sends nothing, not even to hosted addresses.",
        ),
        (
            "submission_sender_restrictions",
            "reject_non_fqdn_sender, reject_sender_login_mismatch",
            "The sender must belong to the log-in.",
        ),
        (
            "submission_recipient_restrictions",
            "reject_non_fqdn_recipient, "
            f"check_recipient_access lmdb:{maps}/recipients, reject_unlisted_recipient, "
            "permit_sasl_authenticated, reject",
            "A typing error is said at once, not bounced.",
        ),
    ]


def _tls(model: PostfixModel) -> list[Entry]:
    home = model.home
    return [
        (
            "smtpd_tls_chain_files",
            f"{home.certificate_key}, {home.certificate}",
            "An ECDSA key costs a fifteenth of RSA's per handshake.",
        ),
        ("smtpd_tls_security_level", "may", "STARTTLS is offered to every server."),
        (
            "smtpd_tls_protocols",
            ">=TLSv1.2",
            "RFC 8996 retired the older ones.",
        ),
        ("smtpd_tls_mandatory_protocols", ">=TLSv1.2", "The same where TLS is demanded."),
        ("smtpd_tls_mandatory_ciphers", "high", "Clients that log in are modern."),
        ("tls_preempt_cipherlist", "yes", "The server's order of ciphers."),
        (
            "tls_ssl_options",
            "NO_COMPRESSION, NO_RENEGOTIATION",
            "CRIME, and renegotiation as a denial of service.",
        ),
        ("smtpd_tls_loglevel", "1", "One line a session: protocol and cipher."),
        ("smtpd_tls_received_header", "yes", "Shows the reader whether TLS was used."),
        ("smtp_tls_security_level", "may", "Opportunistic TLS out (RFC 7435)."),
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
            "Lets the log tell verified receivers from others.",
        ),
    ]


def _delivery(model: PostfixModel) -> list[Entry]:
    return [
        (
            "lmtp_destination_concurrency_limit",
            "50",
            "All local mail is one destination; the default of 20 would be the ceiling.",
        ),
        (
            "lmtp_destination_recipient_limit",
            "1",
            "One recipient a transaction: one full mailbox cannot delay the others.",
        ),
        ("smtp_connect_timeout", "10s", "A dead receiver holds a process 30 s by default."),
        ("maximal_queue_lifetime", "5d", "RFC 5321 §4.5.4.1 asks for four to five days."),
        ("bounce_queue_lifetime", "1d", "Nobody waits for a bounce longer."),
        (
            "minimal_backoff_time",
            "300s",
            "First retry after five minutes.",
        ),
        ("delay_warning_time", "4h", "The sender hears of a delay."),
    ]


def _milter(model: PostfixModel) -> list[Entry]:
    if model.milter is None:
        return []
    return [
        ("smtpd_milters", model.milter, "Rspamd: scan in and out, sign out."),
        ("non_smtpd_milters", "", "Nothing enters but by SMTP."),
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
        ("milter_connect_timeout", "5s", "A dead Rspamd is noticed soon."),
        ("milter_command_timeout", "30s", "As above."),
        (
            "milter_content_timeout",
            "120s",
            "Longer, and senders hang up and send again: duplicates.",
        ),
    ]


_SERVICES = """\
pickup    unix  n  -  n  60    1  pickup
cleanup   unix  n  -  n  -     0  cleanup
qmgr      unix  n  -  n  300   1  qmgr
tlsmgr    unix  -  -  n  1000? 1  tlsmgr
rewrite   unix  -  -  n  -     -  trivial-rewrite
bounce    unix  -  -  n  -     0  bounce
defer     unix  -  -  n  -     0  bounce
trace     unix  -  -  n  -     0  bounce
verify    unix  -  -  n  -     1  verify
flush     unix  n  -  n  1000? 0  flush
proxymap  unix  -  -  n  -     -  proxymap
proxywrite unix -  -  n  -     1  proxymap
smtp      unix  -  -  n  -     -  smtp
relay     unix  -  -  n  -     -  smtp
  -o syslog_name=postfix/$service_name
showq     unix  n  -  n  -     -  showq
error     unix  -  -  n  -     -  error
retry     unix  -  -  n  -     -  error
discard   unix  -  -  n  -     -  discard
lmtp      unix  -  -  n  -     -  lmtp
anvil     unix  -  -  n  -     1  anvil
scache    unix  -  -  n  -     1  scache
tlsproxy  unix  -  -  n  -     0  tlsproxy
postlog   unix-dgram n - n -  1  postlogd
"""


def _master(model: PostfixModel) -> str:
    submission = "\n".join(
        f"  -o {option}"
        for option in (
            "syslog_name=postfix/submission",
            "smtpd_tls_security_level=encrypt",
            "smtpd_sasl_auth_enable=yes",
            "smtpd_client_restrictions=$submission_client_restrictions",
            "smtpd_helo_restrictions=",
            "smtpd_sender_restrictions=$submission_sender_restrictions",
            "smtpd_relay_restrictions=$submission_relay_restrictions",
            "smtpd_recipient_restrictions=$submission_recipient_restrictions",
            "smtpd_client_connection_count_limit=200",
        )
    )
    wrapped = submission.replace("postfix/submission", "postfix/submissions").replace(
        "smtpd_tls_security_level=encrypt", "smtpd_tls_wrappermode=yes"
    )
    reinject = "\n".join(
        f"  -o {option}"
        for option in (
            "syslog_name=postfix/reinject",
            "mynetworks=127.0.0.0/8",
            "smtpd_tls_security_level=none",
            "smtpd_relay_restrictions=permit_mynetworks,reject",
            "smtpd_recipient_restrictions=permit_mynetworks,reject",
            "smtpd_client_connection_count_limit=0",
        )
    )
    inbound, outbound = model.inbound_processes, model.submission_processes
    return (
        "# Made by Mailstead from its settings; changes here are overwritten.\n"
        "# Nothing is chrooted: the maps and sockets of the instance lie under its home.\n"
        f"{model.smtp} inet n - n - {inbound} smtpd\n"
        f"{model.submission} inet n - n - {outbound} smtpd\n{submission}\n"
        f"{model.submissions} inet n - n - {outbound} smtpd\n{wrapped}\n"
        "# What Sieve redirects and answers; loopback only, from Dovecot.\n"
        f"127.0.0.1:{model.reinject} inet n - n - 50 smtpd\n{reinject}\n"
        f"{_SERVICES}"
    )
