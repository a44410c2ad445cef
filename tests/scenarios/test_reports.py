"""Reports of other mail servers, from SMTP to the control plane's rows."""

from __future__ import annotations

import contextlib
import datetime as dt
import gzip
import json
import sqlite3

import pytest
from lab.commands import wait_until
from tests.standards import bombs
from tests.support.reports import dmarc_xml, mailed, tls_json
from tests.support.site import Site

pytestmark = pytest.mark.lab
ROWS = [("198.51.100.7", 12, "none", "pass", "fail"), ("203.0.113.9", 3, "none", "fail", "fail")]
TODAY = dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
YESTERDAY = TODAY - dt.timedelta(days=1)


def ask(site: Site, query: str, *words: str) -> list[tuple[object, ...]]:
    """What the control plane's database says."""
    path = f"file:{site.node.home.control / 'mailstead.db'}?mode=ro"
    with contextlib.closing(sqlite3.connect(path, uri=True, timeout=20)) as base:
        return base.execute(query, words).fetchall()


def kept(site: Site) -> list[tuple[object, ...]]:
    """The reports about the site's domain: who signed, whether that is proven, and how many."""
    return ask(
        site,
        "SELECT r.kind, r.sender, r.proven, COALESCE(sum(d.count), 0) FROM delivery_report r "
        "JOIN hosting_domain o ON o.id = r.domain_id "
        "LEFT JOIN delivery_dmarcrow d ON d.report_id = r.id WHERE o.name = ? GROUP BY r.id",
        site.main,
    )


def send(site: Site, data: bytes, box: str = "dmarc-reports", *, pack: bool = True) -> None:
    """A report from the far host, which signs what it sends."""
    to = f"{box}@{site.node.hostname}"
    made = mailed(data, to, pack=pack)
    site.lab.foreign.send("dmarc@far.example", to, made)


def test_a_report_comes_by_mail_and_is_known_to_be_its_senders(site: Site) -> None:
    send(site, dmarc_xml(site.main, ROWS, number=site.word, begin=YESTERDAY))
    (found,) = wait_until(lambda: kept(site), "the report is kept", seconds=40)
    assert found == ("dmarc", "far.example", 1, 15)


def test_hostile_reports_leave_the_way_open_for_others(site: Site) -> None:
    entity = b'<!DOCTYPE f [<!ENTITY x SYSTEM "file:///etc/passwd">]><feedback>&x;</feedback>'
    for data in (bombs.gzip_bomb(), bombs.zip_bomb(), bombs.lying_zip(), gzip.compress(entity)):
        send(site, data, pack=False)
    send(site, tls_json(site.main, 5, 1, number=site.word, begin=YESTERDAY), "tls-reports")
    found = wait_until(lambda: kept(site), "the good one is kept", seconds=40)
    assert [row[0] for row in found] == ["tls"]
    unread = "SELECT count(*) FROM delivery_reportmail WHERE words != ''"
    wait_until(lambda: ask(site, unread)[0][0] >= 4, "the others are said to be unreadable")


def test_while_the_control_plane_is_away_reports_wait(site: Site) -> None:
    domain = site.main
    box = site.node.home.reports / "dmarc" / "new"
    site.node.supervisor.stop("web")
    try:
        send(site, dmarc_xml(domain, ROWS, number=site.word, begin=YESTERDAY))
        wait_until(lambda: list(box.glob("*")), "the report waits on the node", seconds=40)
    finally:
        site.node.supervisor.start("web")
    wait_until(lambda: kept(site), "the report is kept", seconds=60)
    assert not list(box.glob("*"))


def test_what_is_too_large_for_a_report_is_put_aside(site: Site) -> None:
    send(site, b"\x00" * 5_000_000, "feedback", pack=False)
    aside = site.node.home.reports / "aside"
    wait_until(lambda: list(aside.glob("*")), "it is put aside", seconds=40)
    said = json.loads(site.node.run("doctor", "--json", check=False).stdout)["items"]
    (row,) = [row for row in said if row["check"] == "reports"]
    assert "put aside" in row["words"]
