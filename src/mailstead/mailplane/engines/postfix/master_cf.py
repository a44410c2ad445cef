"""Which programs master(8) runs: listeners, their own restrictions, and the usual services."""

from __future__ import annotations

from dataclasses import dataclass

from mailstead.mailplane.engines.postfix import sending
from mailstead.mailplane.engines.postfix.model import PostfixModel
from mailstead.wire.pools import FALLBACK, by_address


@dataclass(frozen=True)
class Service:
    """One entry of master.cf (master(5)); chroot is always off."""

    name: str
    kind: str
    program: str
    private: str = "-"
    wakeup: str = "-"
    processes: str = "-"
    options: tuple[tuple[str, str], ...] = ()
    reason: str = ""
    unpriv: str = "-"


def services(model: PostfixModel) -> list[Service]:
    """All entries."""
    return [*_listeners(model), *_plumbing(model), *_sending(model)]


def _listeners(model: PostfixModel) -> list[Service]:
    outbound = str(model.submission_processes)
    return [
        Service(
            str(model.smtp),
            "inet",
            "smtpd",
            private="n",
            processes=str(model.inbound_processes),
            reason="Mail from the world. Its own limit, so that a flood here leaves room for the\n"
            "customers' submission. No postscreen: docs/decisions/0010.",
        ),
        Service(
            str(model.submission),
            "inet",
            "smtpd",
            private="n",
            processes=outbound,
            options=(
                ("syslog_name", "postfix/submission"),
                ("smtpd_tls_security_level", "encrypt"),
                *_SUBMISSION,
            ),
            reason="Mail from our users, STARTTLS demanded (RFC 6409, RFC 8314).",
        ),
        Service(
            str(model.submissions),
            "inet",
            "smtpd",
            private="n",
            processes=outbound,
            options=(
                ("syslog_name", "postfix/submissions"),
                ("smtpd_tls_security_level", "encrypt"),
                ("smtpd_tls_wrappermode", "yes"),
                *_SUBMISSION,
            ),
            reason="The same with TLS from the first octet (RFC 8314).",
        ),
        Service(
            f"127.0.0.1:{model.reinject}",
            "inet",
            "smtpd",
            private="n",
            processes="50",
            options=_REINJECT,
            reason="What Sieve redirects and answers; this machine only (docs/decisions/0012).",
        ),
        Service(
            f"127.0.0.1:{model.forward}",
            "inet",
            "smtpd",
            private="n",
            processes="50",
            options=_FORWARD,
            reason="Forwarded mail comes by once more for a sender of ours (docs/decisions/0022).",
        ),
    ]


_SUBMISSION = (
    ("smtpd_sasl_auth_enable", "yes"),
    # Another node may be a client as well: its webmail, for instance.
    ("smtpd_milter_maps", ""),
    ("smtpd_client_restrictions", "$submission_client_restrictions"),
    ("smtpd_sender_restrictions", "$submission_sender_restrictions"),
    ("smtpd_relay_restrictions", "permit_sasl_authenticated, reject"),
    ("smtpd_recipient_restrictions", "$submission_recipient_restrictions"),
    ("smtpd_data_restrictions", "$submission_data_restrictions"),
    # An office behind one address.
    ("smtpd_client_connection_count_limit", "200"),
    # Mail programs leave Date and Message-ID to us (RFC 6409 §8).
    ("local_header_rewrite_clients", "permit_sasl_authenticated"),
)

_REINJECT = (
    ("syslog_name", "postfix/reinject"),
    # By this Rspamd knows what came by here.
    ("milter_macro_daemon_name", "sieve"),
    ("mynetworks", "127.0.0.0/8"),
    ("smtpd_tls_security_level", "none"),
    ("smtpd_relay_restrictions", "permit_mynetworks, reject"),
    ("smtpd_recipient_restrictions", "permit_mynetworks, reject"),
)

_FORWARD = (
    ("syslog_name", "postfix/forward"),
    ("cleanup_service_name", "srs"),
    ("mynetworks", "127.0.0.0/8"),
    ("smtpd_tls_security_level", "none"),
    # Looked at when it came in: Rspamd seals it, and does no more.
    ("milter_macro_daemon_name", "forward"),
    ("smtpd_relay_restrictions", "permit_mynetworks, reject"),
    ("smtpd_recipient_restrictions", "permit_mynetworks, reject"),
)


def _plumbing(model: PostfixModel) -> list[Service]:
    names = {"syslog_name": "postfix/$service_name"}
    found = [
        Service("pickup", "unix", "pickup", "n", "60", "1"),
        Service("cleanup", "unix", "cleanup", "n", processes="0"),
        Service(
            "srs",
            "unix",
            "cleanup",
            "n",
            processes="0",
            options=(
                ("syslog_name", "postfix/forward"),
                ("sender_canonical_maps", f"tcp:127.0.0.1:{model.srs}"),
                ("sender_canonical_classes", "envelope_sender"),
                # The recipients have been found already.
                ("virtual_alias_maps", ""),
            ),
            reason="Gives a forwarded message its SRS sender.",
        ),
        _queue_manager(model),
        Service("tlsmgr", "unix", "tlsmgr", wakeup="1000?", processes="1"),
        Service("rewrite", "unix", "trivial-rewrite"),
        Service("bounce", "unix", "bounce", processes="0"),
        Service("defer", "unix", "bounce", processes="0"),
        Service("trace", "unix", "bounce", processes="0"),
        Service("verify", "unix", "verify", processes="1"),
        Service("flush", "unix", "flush", "n", "1000?", "0"),
        Service("proxymap", "unix", "proxymap"),
        Service("proxywrite", "unix", "proxymap", processes="1"),
        Service("smtp", "unix", "smtp"),
        Service("relay", "unix", "smtp", options=tuple(names.items())),
        Service(
            "forward",
            "unix",
            "smtp",
            options=(
                ("syslog_name", "postfix/forward"),
                ("smtp_tls_security_level", "none"),
                ("smtp_tls_policy_maps", ""),
            ),
            reason="To the port above.",
        ),
        Service("showq", "unix", "showq", "n"),
        Service("error", "unix", "error"),
        Service("retry", "unix", "error"),
        Service(
            "refuse",
            "unix",
            "error -n error",
            reason="Addresses that refuse at present. Not called `error` and `retry`: smtpd(8)\n"
            "would read the refusal there and remember it for ever (docs/decisions/0007).",
        ),
        Service("later", "unix", "error -n retry", reason="The same for now."),
        Service("discard", "unix", "discard"),
        Service("lmtp", "unix", "lmtp"),
        Service("anvil", "unix", "anvil", processes="1"),
        Service("scache", "unix", "scache", processes="1"),
        Service("tlsproxy", "unix", "tlsproxy", processes="0"),
        Service("postlog", "unix-dgram", "postlogd", "n", processes="1"),
    ]
    if not model.operator:
        found.append(_keep(model))
    if model.reports:
        found.append(_reports(model))
    return found


def _reports(model: PostfixModel) -> Service:
    boxes = ", ".join(f"{{{local}@{model.hostname} = {box}/}}" for local, box in model.reports)
    return Service(
        "reports",
        "unix",
        "virtual",
        unpriv="n",
        processes="2",
        options=(
            ("virtual_mailbox_base", str(model.home.reports)),
            ("virtual_mailbox_maps", f"inline:{{{boxes}}}"),
            ("virtual_uid_maps", f"static:{model.mail_owner[0]}"),
            ("virtual_gid_maps", f"static:{model.mail_owner[1]}"),
        ),
        reason="Reports from other servers, read by the agent (node/report_box.py).",
    )


def _queue_manager(model: PostfixModel) -> Service:
    if not model.sending.addresses:
        return Service("qmgr", "unix", "qmgr", "n", "300", "1")
    return Service(
        "qmgr",
        "unix",
        "qmgr",
        "n",
        "300",
        "1",
        options=(("rewrite_service_name", sending.SERVICE),),
        reason="Asks our router, which asks `rewrite` (docs/decisions/0023).",
    )


def _sending(model: PostfixModel) -> list[Service]:
    """A transport for each sending address, and one for the relay."""
    found = [
        Service(by_address(one.number), "unix", "smtp", options=sending.options(model, one))
        for one in model.sending.addresses
    ]
    if found and model.sending.relay is not None:
        found.append(Service(FALLBACK, "unix", "smtp", options=sending.relay_options(model)))
    return found


def _keep(model: PostfixModel) -> Service:
    return Service(
        "postmaster",
        "unix",
        "virtual",
        unpriv="n",
        options=(
            ("virtual_mailbox_base", str(model.home.root)),
            ("virtual_mailbox_maps", f"static:{model.postmaster.name}/"),
            ("virtual_uid_maps", f"static:{model.mail_owner[0]}"),
            ("virtual_gid_maps", f"static:{model.mail_owner[1]}"),
        ),
        reason="No operator's address is set: the host's own mail is kept in a Maildir.",
    )
