"""The page of a domain's DNS: each record as it should be, as it is, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from mailstead.control.dns import queries, services
from mailstead.control.dns.forms import MtaStsForm
from mailstead.control.dns.hosts import name_in_form, value_in_form
from mailstead.control.dns.push import queries as pushes
from mailstead.control.dns.push.words import state_of
from mailstead.control.dns.queries import Line, Report
from mailstead.control.dns.spf import MOST_LOOKUPS
from mailstead.control.dns.words import Said, hints, purpose_words, say_of, trouble_words
from mailstead.control.dns.zones import queries as zones
from mailstead.control.hosting import queries as hosting
from mailstead.control.hosting.models import Domain
from mailstead.control.people import roles
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.listing import download
from mailstead.standards.mtasts import Mode


@dataclass(frozen=True)
class Shown:
    """A record as the page shows it."""

    line: Line
    said: Said
    title: str
    name: str
    """As the form of the DNS host wants it."""
    priority: str
    """Of an MX record, where the form has a field for it."""
    value: str
    many_lookups: bool


@page("dns.view")
def records(request: HttpRequest, name: str) -> HttpResponse:
    """The records to publish and how they stand."""
    domain = hosting.domain_named(actor_in(request), name)
    report = queries.report(domain)
    context = {
        "domain": domain,
        "tab": "dns",
        "report": report,
        "records": [shown_line(line, report, domain) for line in report.records],
        "others": [shown_line(line, report, domain) for line in report.others],
        "trouble": trouble_words(report.trouble),
        "hints": hints(report.host),
        "most_lookups": MOST_LOOKUPS,
        "own_zone": zones.holding(actor_in(request), domain.name),
        "pushes": [(one, *state_of(one)) for one in pushes.made(domain)[:5]],
        "seen_proof": any(
            line.kept is not None and line.kept.code == "proof-good" for line in report.records
        ),
    }
    return render(request, "dns/records.html", context)


@page("dns.check", only_post=True)
def check(request: HttpRequest, name: str) -> HttpResponse:
    """Look at the DNS now; it takes ten seconds at most."""
    actor = actor_in(request)
    domain = hosting.domain_named(actor, name)
    if services.check_domain(actor=actor, now=timezone.now(), domain=domain):
        words = gettext("The DNS of {name} was looked at.")
        messages.success(request, words.format(name=domain.name))
    else:
        words = gettext("{name} was looked at a moment ago. Press again in some seconds.")
        messages.info(request, words.format(name=domain.name))
    return redirect("dns:records", domain.handle)


@page("dns.view", post="dns.set-mta-sts")
def mta_sts(request: HttpRequest, name: str) -> HttpResponse:
    """What the domain asks of others about encryption."""
    actor = actor_in(request)
    domain = hosting.domain_named(actor, name)
    form = MtaStsForm(request.POST or None, initial={"mode": queries.mode_of(domain).value})
    if request.method == "POST" and form.is_valid():
        mode = Mode(form.cleaned_data["mode"])
        services.set_mta_sts(actor=actor, now=timezone.now(), domain=domain, mode=mode)
        messages.success(request, gettext("The policy about encryption is set."))
        return redirect("dns:records", domain.handle)
    context = {"domain": domain, "tab": "dns", "form": form}
    return render(request, "dns/mta_sts.html", context)


@page(roles.PUBLIC)
def policy(request: HttpRequest, name: str) -> HttpResponse:
    """The policy of a domain as others fetch it (RFC 8461 section 3.3); nginx leads them here."""
    text = queries.policy_text(name)
    if text is None:
        return HttpResponse("This domain is not hosted here.\n", "text/plain", status=404)
    return HttpResponse(text, "text/plain")


@page("dns.view")
def zone(request: HttpRequest, name: str) -> HttpResponse:
    """The records as lines of a zone file (RFC 1035 §5)."""
    domain = hosting.domain_named(actor_in(request), name)
    lines = [hosting.zone_line(*record) for record in queries.to_publish(domain)]
    return download(f"{domain.name}.zone", "\n".join(lines) + "\n", "text/plain; charset=utf-8")


TITLES = {
    "mx": "MX",
    "spf": "SPF",
    "dmarc": "DMARC",
    "dkim": "DKIM",
    "tls-reports": "TLS-RPT",
    "mta-sts": "MTA-STS",
    "policy-host": "MTA-STS",
}


def shown_line(line: Line, report: Report, domain: Domain) -> Shown:
    """A record in words, as the domain's DNS host wants it entered."""
    kind, host = line.expected.type, report.host
    apart = kind == "MX" and not (host and host.one_field)
    title = TITLES.get(line.expected.purpose) or purpose_words(line.expected.purpose)
    lookups = line.kept.lookups if line.kept else None
    return Shown(
        line=line,
        said=say_of(line, f"{domain.server.hostname}."),
        title=title,
        name=name_in_form(line.expected.name, report.zone or domain.name, host),
        priority=line.publish.partition(" ")[0] if apart else "",
        value=value_in_form(kind, line.publish, host),
        many_lookups=(lookups or 0) > MOST_LOOKUPS,
    )
