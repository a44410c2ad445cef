"""Exports are asked for, followed, stopped, fetched and removed: by their owner and nobody else."""

from __future__ import annotations

import datetime as dt
import io
import tarfile
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard
from django.conf import settings as django_settings

from mailstead.config import Settings
from mailstead.control.feed.models import Order
from mailstead.control.moves import queries, services
from mailstead.control.moves.models import Export
from mailstead.control.people.models import AuditEntry
from mailstead.foreign import ours
from mailstead.home import Home
from mailstead.standards.refusal import Refusal
from mailstead.wire.exports import ARCHIVE, JOB, PROGRESS, STOP, Job, Packed
from tests.control.company import Company
from tests.control.world import World

SOON = dt.timedelta(seconds=1)


@pytest.fixture
def home(settings: Any, tmp_path: Path) -> Home:
    """The instance's own directory, as long as a test lasts."""
    settings.MAILSTEAD = Settings(home=tmp_path)
    Home(tmp_path).exports.mkdir()
    return Home(tmp_path)


@pytest.fixture
def filled(company: Company, home: Home) -> Company:
    company.domain("a.example")
    company.mailbox("ann@a.example")
    company.forward("sales@a.example", "ann@a.example")
    return company


def ask(company: Company, **more: Any) -> Export:
    return services.create_export(**company.who, customer=company.customer, **more)


def told(home: Home, number: int, **values: Any) -> None:
    """What the node says."""
    path = home.exports / str(number) / PROGRESS
    path.write_bytes(msgspec.json.encode(Packed(**values)))


def test_without_mail_it_is_whole_at_once(filled: Company, home: Home) -> None:
    row = ask(filled)
    assert services.make_due(filled.now) == 1
    row.refresh_from_db()
    assert (row.state, row.name) == ("done", "mailstead-Ann-s-Bakery-2026-03-01.tar.zst")
    assert row.expires_at == filled.now + dt.timedelta(days=7)
    path = home.exports / str(row.pk) / ARCHIVE
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert row.size == path.stat().st_size
    with zstandard.open(path) as file, tarfile.open(fileobj=io.BytesIO(file.read())) as tar:
        assert tar.getnames() == [ours.MANIFEST, ours.README]
        text = tar.extractfile(ours.README)
        assert text is not None
        assert b"HOLDS SECRETS" in text.read()
    assert [box.address for box in ours.read(path).mailboxes()] == ["ann@a.example"]


def test_the_mail_is_the_nodes_affair(filled: Company, home: Home) -> None:
    row = ask(filled, with_mail=True)
    services.make_due(filled.now)
    job = msgspec.json.decode((home.exports / str(row.pk) / JOB).read_bytes(), type=Job)
    assert [box.address for box in job.boxes] == ["ann@a.example"]
    assert job.head == (ours.MANIFEST, ours.README)
    assert Order.objects.filter(kind="PackMail", key=str(row.pk)).count() == 1
    # It is not asked again as long as it says something, or may still begin.
    services.make_due(filled.now + SOON)
    told(home, row.pk, state="packing", octets=500, messages=3, at=filled.now.timestamp() + 40)
    services.make_due(filled.now + 45 * SOON)
    assert Order.objects.count() == 1
    row.refresh_from_db()
    assert (row.state, row.octets, row.messages, row.words) == ("making", 500, 3, "")
    services.make_due(filled.now + 90 * SOON)
    assert Order.objects.count() == 2
    row.refresh_from_db()
    assert "does not answer" in row.words
    told(home, row.pk, state="done", octets=900, messages=5, size=77, at=0.0)
    assert services.make_due(filled.now + 91 * SOON) == 1
    row.refresh_from_db()
    assert (row.state, row.size, row.octets, row.words) == ("done", 77, 900, "")


@pytest.mark.django_db(transaction=True)
def test_it_stops_and_goes_on(home: Home) -> None:
    from tests.control.conftest import OPERATOR

    company = Company(OPERATOR, dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC))
    company.domain("a.example")
    company.mailbox("ann@a.example")
    row = ask(company, with_mail=True)
    services.make_due(company.now)
    folder = home.exports / str(row.pk)
    services.stop_export(**company.who, export=row)
    assert (folder / STOP).exists()
    told(home, row.pk, state="stopped", at=company.now.timestamp())
    services.make_due(company.now + 60 * SOON)
    row.refresh_from_db()
    assert row.state == "stopped"
    assert Order.objects.count() == 1
    services.resume_export(**company.who, export=row)
    assert not (folder / STOP).exists()
    assert not (folder / PROGRESS).exists()
    services.make_due(company.now + 61 * SOON)
    assert Order.objects.count() == 2
    told(home, row.pk, state="failed", words="The disk is full.", at=time.time())
    services.make_due(company.now + 62 * SOON)
    row.refresh_from_db()
    assert (row.state, row.words) == ("failed", "The disk is full.")
    services.remove_export(**company.who, export=row)
    assert not folder.exists()
    # The node hears of it once more, and cleans up what it has held still.
    assert Order.objects.count() == 3
    verbs = AuditEntry.objects.filter(verb__startswith="export.").values_list("verb", flat=True)
    assert sorted(verbs) == ["export.create", "export.remove", "export.resume", "export.stop"]


def test_what_cannot_be_made_is_refused(filled: Company, settings: Any) -> None:
    ask(filled)
    with pytest.raises(Refusal) as again:
        ask(filled)
    assert again.value.code == "export-open"
    Export.objects.all().delete()
    for values, code in (
        ({"domain": "other.example"}, "export-empty"),
        ({"with_mail": True}, "export-mail-away"),
    ):
        away = Settings(home=django_settings.MAILSTEAD.home, server="node2")
        settings.MAILSTEAD = away
        with pytest.raises(Refusal) as refused:
            ask(filled, **values)
        assert refused.value.code == code
    assert not Export.objects.exists()


def test_archives_go_after_a_week_and_so_does_what_nobody_knows(
    filled: Company, home: Home
) -> None:
    row = ask(filled)
    services.make_due(filled.now)
    (home.exports / "999").mkdir()
    later = filled.now + dt.timedelta(days=7)
    assert services.expire_exports(later - SOON) == 0
    assert sorted(one.name for one in home.exports.iterdir()) == [str(row.pk)]
    assert services.expire_exports(later) == 1
    assert list(home.exports.iterdir()) == []
    with pytest.raises(Refusal):
        queries.export_numbered(filled.actor, row.pk)


def test_the_customer_makes_and_fetches_the_own_account(world: World, home: Home) -> None:
    client = world.client("customer")
    Export.objects.all().delete()
    number = world.customers["customer"].pk
    page = client.get("/exports/new/").content.decode()
    assert "private signing keys" in page
    assert "Eve" not in page
    answer = client.post("/exports/new/", {"customer": number})
    assert answer.status_code == 302, answer.content
    row = Export.objects.get()
    assert client.get(f"/exports/{row.pk}/file/").status_code != 200
    services.make_due(world.now)
    page = client.get(f"/exports/{row.pk}/").content.decode()
    assert "hashes of all passwords" in page
    file = client.get(f"/exports/{row.pk}/file/")
    data = b"".join(file.streaming_content)  # type: ignore[attr-defined]
    assert len(data) == int(file.headers["Content-Length"])
    assert ".tar.zst" in file.headers["Content-Disposition"]
    entry = AuditEntry.objects.get(verb="export.download")
    assert entry.label == "Carl's Cars"
    other = world.client("stranger")
    for path in ("", "file/", "progress/", "remove/"):
        assert other.get(f"/exports/{row.pk}/{path}").status_code == 404
    refused = other.post("/exports/new/", {"customer": number})
    assert refused.status_code == 200
    assert Export.objects.count() == 1


def test_fetching_needs_a_fresh_proof(world: World, home: Home) -> None:
    client = world.client("customer")
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] = time.time() - 3600
    session.save()
    row = world.exports["main"]
    for path in (f"/exports/{row.pk}/file/", "/exports/new/"):
        answer = client.get(path)
        assert answer.status_code == 302
        assert "reauthenticate" in answer.headers["Location"]


def test_a_file_that_cannot_be_written_is_told(filled: Company, home: Home) -> None:
    row = ask(filled)
    (home.exports / str(row.pk)).write_text("in the way")
    services.make_due(filled.now)
    row.refresh_from_db()
    assert row.state == "failed"
    assert row.words
