"""What is the matter with a record, why it matters and what to do, as people read it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext

from mailstead.control.dns.compare import Purpose
from mailstead.control.dns.hosts import DnsHost
from mailstead.control.dns.queries import Line


@dataclass(frozen=True)
class Said:
    """About one finding."""

    state: str
    """Kind of a state of the panel: `good`, `warn`, `bad`, `idle`."""
    verdict: str
    why: str
    todo: str
    """Empty: nothing."""
    note: str = ""


def say_of(line: Line, target: str) -> Said:
    """A record in words; `target` is the host to which mail should go."""
    kept = line.kept
    if kept is None:
        return Said("idle", verdict_words(""), why(line.expected.purpose), "")
    state = {"good": "good", "unknown": "idle"}.get(kept.verdict, "warn")
    if state == "warn" and (line.required or kept.code == "mx-first"):
        state = "bad"
    todo = _todo(kept.code).format(host=target)
    return Said(
        state, verdict_words(kept.verdict), why(line.expected.purpose), todo, _note(kept.note)
    )


def purpose_words(purpose: Purpose) -> str:
    """A record's kind as a title."""
    return gettext("Whose domain it is") if purpose == "ownership" else purpose.upper()


def verdict_words(verdict: str) -> str:
    """In a word or two."""
    return {
        "good": gettext("as it should be"),
        "missing": gettext("missing"),
        "wrong": gettext("to be changed"),
        "extra": gettext("one too many"),
        "unknown": gettext("not known"),
        "": gettext("not checked yet"),
    }[verdict]


def why(purpose: Purpose) -> str:
    """Why such a record matters."""
    return {
        "ownership": gettext(
            "Only who controls the DNS of the domain can publish it: that shows that it is yours."
        ),
        "mx": gettext("It tells the world to which server mail for the domain goes."),
        "spf": gettext(
            "It tells receivers which servers may send mail of the domain; without it such mail is "
            "easily taken for forged."
        ),
        "dmarc": gettext(
            "It tells receivers what to do with mail that others send in the domain's name. Large "
            "receivers expect it."
        ),
        "dkim": gettext(
            "With this key receivers see that a message comes from here and was not changed on its "
            "way."
        ),
        "tls-reports": gettext(
            "It tells others where to report how well they could deliver with encryption. The "
            "reports are shown under “Reports”."
        ),
        "mta-sts": gettext(
            "It tells others that the domain has a policy about encryption, and when it changes."
        ),
        "policy-host": gettext("At this name others fetch the policy about encryption."),
    }[purpose]


def _todo(code: str) -> str:
    return {
        "unknown": gettext("Nothing: the DNS did not answer. It is asked again soon."),
        "no-domain": gettext("Register the domain, or renew it, then publish the record."),
        "mx-missing": gettext("Publish the record. Until then no mail comes here."),
        "mx-elsewhere": gettext(
            "Mail goes to another host. Put this record in the place of those that are there, once "
            "the mailboxes are ready."
        ),
        "mx-doubled": gettext(
            "The DNS host has put the domain behind the server's name. Write the value as {host} "
            "with a dot at its end."
        ),
        "mx-null": gettext(
            "The record says that the domain takes no mail. Put this one in its place."
        ),
        "mx-left": gettext(
            "Remove it: when our server is busy, mail goes to this host, where nobody looks for it."
        ),
        "mx-first": gettext("Remove it: mail goes to this host too, or to it alone."),
        "spf-missing": gettext("Publish the record."),
        "spf-without-us": gettext(
            "Put this value in the place of the record that is there; what it allows is kept. A "
            "second record beside it would make both void."
        ),
        "spf-many": gettext(
            "There are several SPF records, which makes all of them void. Remove them and publish "
            "this one, which holds what they allow."
        ),
        "spf-unreadable": gettext(
            "A part of the record is no SPF, which makes the whole void. Put this value in its "
            "place."
        ),
        "spf-lookups": gettext(
            "Receivers follow at most ten look-ups and then ignore the record. Remove what you no "
            "longer send with."
        ),
        "dmarc-missing": gettext("Publish the record. This one asks for nothing but being there."),
        "dmarc-many": gettext(
            "There are several DMARC records, which makes all of them void. Keep one."
        ),
        "dmarc-elsewhere": gettext(
            "Nothing has to be done. With this value in the place of the record the reports about "
            "mail in the domain's name come here too and are shown under “Reports”."
        ),
        "tlsrpt-missing": gettext("Publish the record."),
        "tlsrpt-unreadable": gettext(
            "The record cannot be read by others, or there are several. Put this one in its place."
        ),
        "tlsrpt-elsewhere": gettext(
            "Nothing has to be done. With this value in the place of the record the reports come "
            "here too."
        ),
        "mtasts-missing": gettext("Publish the record, after the one for the policy's name."),
        "mtasts-unreadable": gettext(
            "The record cannot be read by others, or there are several. Put this one in its place."
        ),
        "mtasts-old": gettext(
            "The policy has changed since. Put this record in the place of the old one, or others "
            "keep to the old policy."
        ),
        "policy-host-missing": gettext("Publish the record; the policy is served by our server."),
        "policy-host-elsewhere": gettext(
            "The name leads to another host. Put this record in the place of those that are there."
        ),
        "dmarc-unreadable": gettext(
            "The record names no policy that receivers know. Put this one in its place."
        ),
        "proof-missing": gettext("Publish the record. Until then the domain is not active."),
        "proof-other": gettext(
            "There is the record of another account. Publish this one beside it."
        ),
        "proof-alias": gettext(
            "The name is an alias. Publish a TXT record there itself: who has what an alias leads "
            "to would speak for the domain."
        ),
        "dkim-missing": gettext("Publish the record."),
        "dkim-alias-missing": gettext("Publish the record: an alias, of the type CNAME."),
        "dkim-alias-other": gettext("The alias leads elsewhere. Put this value in its place."),
        "dkim-alias-doubled": gettext(
            "The DNS host has put the domain behind the value. Write it with a dot at its end."
        ),
        "dkim-text": gettext(
            "There is a text at this name. Remove it and publish the alias (CNAME) in its place."
        ),
        "dkim-direct": gettext(
            "It works. Put the alias in its place when you can: then keys change without you."
        ),
        "dkim-soon": gettext("Nothing: the key behind it is not published yet. That is our part."),
        "dkim-many": gettext("There are several keys at this name. Keep this one alone."),
        "dkim-revoked": gettext("The record takes the key back. Put this one in its place."),
        "dkim-cut": gettext(
            "The key was cut off. Enter it again; some DNS hosts want it in parts of at most 255 "
            "characters."
        ),
        "dkim-other": gettext("There is another key at this name. Put this one in its place."),
    }.get(code, "")


def _note(note: str) -> str:
    return {
        "spreading": gettext(
            "“Found” is what the domain's own servers say. Others still see the old values until "
            "their time to live is over."
        ),
        "disagree": gettext(
            "The domain's servers do not say the same yet; the worst answer is shown."
        ),
        "public-error": gettext(
            "The domain's own servers answer, but resolvers refuse the answer. Often DNSSEC is "
            "broken: ask the DNS host."
        ),
    }.get(note, "")


def trouble_words(trouble: str) -> str:
    """What stands in the way of the whole domain; empty where nothing does."""
    return {
        "no-domain": gettext("The domain is not in the DNS: it is not registered, or has run out."),
        "resolver-silent": gettext(
            "Our own resolver had no answer in time, so nothing could be checked. What is shown is "
            "older."
        ),
        "zone-silent": gettext(
            "The DNS of the domain does not answer: its servers cannot be reached or do not know "
            "it."
        ),
        "no-servers": gettext(
            "The servers of the domain's zone could not be found; what is shown is what a resolver "
            "says."
        ),
        "servers-silent": gettext(
            "The servers of the domain's zone did not answer; what is shown is what a resolver "
            "still knows."
        ),
    }.get(trouble, "")


def hints(host: DnsHost | None) -> list[str]:
    """How to enter records where the DNS is kept."""
    found = [gettext("Enter names without the domain: its form appends it.")]
    if host is None:
        found = [
            gettext("Most DNS hosts want the name without the domain, and @ for the domain itself.")
        ]
    elif host.root == "@":
        found.append(gettext("For the domain itself enter @ as the name."))
    elif not host.root:
        found.append(gettext("For the domain itself leave the name empty."))
    if host is not None and host.dotted:
        found.append(
            gettext("Host names as values end with a dot there; without it they go wrong.")
        )
    elif host is None:
        found.append(gettext("If it refuses the dot at the end of a host name, leave it out."))
    if host is not None and host.quoted:
        found.append(
            gettext("TXT values stand in quotation marks; cut longer ones at 255 characters.")
        )
    if host is not None and host.one_field:
        found.append(gettext("The priority of an MX record stands before the host, in one field."))
    if host is not None and host.proxies:
        found.append(
            gettext("Set every record for mail to “DNS only” (the grey cloud), never “Proxied”.")
        )
    return found
