"""A source is read by a process of its own, and what it has found is planned and made."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from mailstead.config import Settings
from mailstead.control.hosting.models import Mailbox
from mailstead.control.moves import services
from mailstead.control.moves.models import Copy, Move, PlanRow
from tests.control.company import Company, refused
from tests.control.moves.test_install import failed, install
from tests.support.cpanel_account import everything


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An instance's home for what is unpacked."""
    monkeypatch.setattr(settings, "MAILSTEAD", Settings(home=tmp_path))
    (tmp_path / "moves" / "incoming").mkdir(parents=True)
    return tmp_path


def read(company: Company, place: Path) -> Move:
    move = services.create_move(
        **company.who, place=str(place), server=company.server, customer=company.customer
    )
    services.read_now(move)
    move.refresh_from_db()
    return move


def decide(company: Company, move: Move) -> None:
    """Whatever is asked, the first answer."""
    rows = PlanRow.objects.filter(move=move, grade="asks")
    answers = {row.key: row.choices[0] for row in rows}
    services.answer(**company.who, move=move, answers=answers)
    services.refuse_open_questions(move)


def test_an_archive_of_cpanel_is_planned_made_and_its_mail_lies_where_the_node_reads_it(
    company: Company, tmp_path: Path
) -> None:
    archive = everything().archive(tmp_path, "gz")
    move = read(company, archive)
    assert (move.state, move.panel, move.account, move.reading) == (
        "planned",
        "cpanel",
        "acct",
        "read",
    )
    decide(company, move)
    install(company, move)
    assert failed(move) == {}
    assert Mailbox.objects.filter(domain__customer=company.customer).count() > 1
    copies = list(Copy.objects.filter(move=move))
    assert copies
    for copy in copies:
        assert (Path(move.root) / copy.source["path"]).is_dir(), copy
    # Nobody else may look into it.
    assert (tmp_path / "moves" / "staging" / str(move.pk)).stat().st_mode & 0o077 == 0


def test_an_unpacked_account_is_copied_from_where_it_lies(company: Company, tmp_path: Path) -> None:
    place = everything().unpacked(tmp_path)
    move = read(company, place)
    assert move.root == str(place)


def test_what_is_no_account_is_refused_and_says_why(company: Company, tmp_path: Path) -> None:
    place = tmp_path / "notes.txt"
    place.write_text("nothing", encoding="utf-8")
    move = services.create_move(
        **company.who, place=str(place), server=company.server, customer=company.customer
    )
    with refused("source-refused"):
        services.read_now(move)
    move.refresh_from_db()
    assert (move.reading, move.state) == ("failed", "draft")
    assert move.reading_words


def test_the_worker_reads_only_what_lies_in_its_reach(company: Company, home: Path) -> None:
    with refused("place-outside"):
        services.incoming("../../etc/passwd")
    with refused("place-missing"):
        services.incoming("nothing.tar.gz")
    archive = everything().archive(home / "moves" / "incoming", "")
    outside = services.create_move(
        **company.who, place="/root/x.tar.gz", server=company.server, customer=company.customer
    )
    inside = services.create_move(
        **company.who,
        place=services.incoming(archive.name),
        server=company.server,
        customer_name="Acme",
    )
    assert (outside.reading, inside.reading) == ("", "asked")
    assert services.read_due(company.now) == 1
    assert services.read_due(company.now) == 0
    inside.refresh_from_db()
    assert inside.state == "planned"
