"""What reports say, in words for who owns the domain."""

from __future__ import annotations

from django.utils.translation import gettext

from mailstead.control.delivery.queries.reports import Failure, Source


def source_words(source: Source) -> str:
    """What an address may be."""
    return {
        "ours": gettext("Our servers: signed by us and permitted."),
        "forwarded": gettext(
            "Somebody passes your mail on: it is signed by us and comes from elsewhere. Mailing "
            "lists and forwarders do so; nothing is to be done."
        ),
        "service": gettext(
            "A service that signs in the domain's name with a key of its own ({signer}). Is it one "
            "that you use?"
        ),
        "permitted": gettext(
            "Permitted by the SPF record, but not signed: a service that you have allowed, or our "
            "own server without a published key."
        ),
        "other": gettext(
            "Sent through {signer}, which signs in its own name and not in yours. If you use that "
            "service, set up DKIM for the domain there; if not, it is forged."
        ),
        "unknown": gettext(
            "Neither permitted nor signed: forged, or a service that somebody has forgotten."
        ),
    }[source.hint].format(signer=source.signer or "–")


def source_state(source: Source) -> str:
    """Kind of a state of the panel."""
    if source.hint in ("ours", "forwarded"):
        return "good"
    return "warn" if source.passed else "bad"


def source_title(source: Source) -> str:
    """In a word or two."""
    return {
        "ours": gettext("ours"),
        "forwarded": gettext("passed on"),
        "service": gettext("a service"),
        "permitted": gettext("permitted"),
        "other": gettext("another sender"),
        "unknown": gettext("unknown"),
    }[source.hint]


def failure_words(failure: Failure) -> str:
    """Why TLS failed (RFC 8460 §4.3)."""
    return {
        "starttls-not-supported": gettext("The server did not offer encryption."),
        "certificate-host-mismatch": gettext("The certificate was for another name."),
        "certificate-expired": gettext("The certificate had expired."),
        "certificate-not-trusted": gettext(
            "The certificate was not signed by an authority that the sender knows."
        ),
        "validation-failure": gettext("The encrypted connection failed for another reason."),
        "tlsa-invalid": gettext("The TLSA record does not fit the certificate (DANE)."),
        "dnssec-invalid": gettext("The DNS of the domain or of its server is signed wrongly."),
        "dane-required": gettext("The sender demands DANE, and there are no TLSA records."),
        "sts-policy-fetch-error": gettext("The MTA-STS policy could not be fetched."),
        "sts-policy-invalid": gettext("The MTA-STS policy is damaged."),
        "sts-webpki-invalid": gettext(
            "The web server of the MTA-STS policy has no valid certificate for its name."
        ),
    }.get(failure.kind) or gettext("The sender calls it “{kind}”.").format(kind=failure.kind[:60])
