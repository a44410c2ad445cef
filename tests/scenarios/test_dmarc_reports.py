"""Domains that ask for it hear what was received in their name, when it was enough."""

from __future__ import annotations

import datetime as dt
import sys

import pytest
from lab.commands import wait_until
from lab.foreign import REPORTS
from tests.support.messages import message
from tests.support.site import Site

from mailstead.mailplane.engines.rspamd import host_key
from mailstead.standards import dmarcreport

pytestmark = pytest.mark.lab


def author(site: Site, word: str, rua: str, *, spf: str = "v=spf1 -all") -> str:
    """A domain outside that asks for reports at an address."""
    name = f"{word}-{site.word}.example"
    site.lab.dns.mail_domain(name, "mx.far.example")
    site.lab.dns.set_text(name, spf)
    site.lab.dns.set_text(f"_dmarc.{name}", f"v=DMARC1; p=reject; adkim=s; rua=mailto:{rua}")
    return name


def writes(site: Site, name: str, to: str, count: int) -> None:
    for number in range(count):
        made = message(f"bob@{name}", to, text=f"Pears {number} of {name}.\n")
        site.receive(made, to, sender=f"bob@{name}")


def report_now(site: Site) -> str:
    """Send what was received until now, as it is done each night for the day before."""
    today = f"{dt.datetime.now().astimezone():%Y%m%d}"
    words = (sys.executable, "-m", "mailstead.mailplane.node.dmarc_reports")
    return site.node.namespace.run(*words, "--home", site.node.folder, today, timeout=100).stdout


def test_a_report_arrives_where_the_domain_asks_for_it_and_nowhere_else(site: Site) -> None:
    ann = site.mailbox("ann")
    clients = str(site.lab.plan.clients4)
    # Reports are asked for at another domain, which agrees for one of them.
    here, there, few = (f"{word}-{site.word}@{REPORTS}" for word in ("here", "there", "few"))
    good = author(site, "good", here, spf=f"v=spf1 ip4:{clients} -all")
    site.lab.dns.set_text(f"{good}._report._dmarc.{REPORTS}", "v=DMARC1")
    strange = author(site, "strange", there, spf=f"v=spf1 ip4:{clients} -all")
    small = author(site, "small", few, spf=f"v=spf1 ip4:{clients} -all")
    site.lab.dns.set_text(f"{small}._report._dmarc.{REPORTS}", "v=DMARC1")
    record = host_key.record(site.node.home)
    site.lab.dns.set_text(host_key.record_name(site.node.hostname), record)
    site.lab.dns.set_text(site.node.hostname, "v=spf1 a -all")
    writes(site, good, ann.address, 3)
    writes(site, strange, ann.address, 3)
    writes(site, small, ann.address, 1)
    report_now(site)
    (arrived,) = wait_until(lambda: site.lab.foreign.messages(here), "the report is there")
    (part,) = [p for p in arrived.walk() if p.get_content_type() == "application/gzip"]
    report = dmarcreport.parse(part.get_payload(decode=True))
    assert report.policy.domain == good
    assert report.organisation == "Node & Sons"
    assert report.contact == f"postmaster@{site.node.hostname}"
    assert sum(row.count for row in report.rows) == 3
    (row,) = report.rows
    assert row.source == site.lab.clients.address(1)
    assert (row.spf_aligned, row.dkim_aligned, row.disposition) == (True, False, "none")
    # The report itself is signed in the host's name.
    assert str(arrived["From"]).endswith(f"<postmaster@{site.node.hostname}>")
    assert f"dkim=pass header.d={site.node.hostname}" in str(arrived["Authentication-Results"])
    assert site.lab.foreign.messages(there) == []
    assert site.lab.foreign.messages(few) == []


def test_what_was_refused_is_told_too(site: Site) -> None:
    ann = site.mailbox("ann")
    here = f"here-{site.word}@{REPORTS}"
    forged = author(site, "forged", here)
    site.lab.dns.set_text(f"{forged}._report._dmarc.{REPORTS}", "v=DMARC1")
    writes(site, forged, ann.address, 2)
    report_now(site)
    (arrived,) = wait_until(lambda: site.lab.foreign.messages(here), "the report is there")
    (part,) = [p for p in arrived.walk() if p.get_content_type() == "application/gzip"]
    (row,) = dmarcreport.parse(part.get_payload(decode=True)).rows
    assert (row.count, row.spf_aligned, row.dkim_aligned) == (2, False, False)
    assert row.disposition == "reject"
