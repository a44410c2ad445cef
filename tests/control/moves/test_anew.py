"""Looking at everything again: asked for, for one mailbox or all, and never by itself."""

from __future__ import annotations

import pytest

from mailstead.control.moves import services
from mailstead.control.moves.models import Copy, Move
from mailstead.control.people.models import AuditEntry
from mailstead.wire.changes import CopyPut
from tests.control.company import Company, feed_of, refused
from tests.control.moves.test_life import copied as copied
from tests.control.moves.test_life import finish_round, seen, tell
from tests.control.world import World


def last(address: str) -> CopyPut:
    found = [one for one in feed_of() if isinstance(one, CopyPut) and one.address == address]
    return found[-1]


def test_both_sides_are_compared_whole_only_when_asked_for(company: Company, copied: Move) -> None:
    services.copy_again(**company.who, move=copied, anew=True, mailbox="INFO@moved.example")
    assert last("info@moved.example").anew
    assert Copy.objects.filter(move=copied, round=2).count() == 1
    entry = AuditEntry.objects.filter(verb="move.copy").order_by("-pk")[0]
    assert entry.after == {"copies": 1, "anew": True}
    finish_round(company, copied)
    services.copy_again(**company.who, move=copied)
    assert not last("info@moved.example").anew
    with refused("mailbox-not-copied"):
        services.copy_again(**company.who, move=copied, anew=True, mailbox="no@moved.example")


def test_a_round_that_failed_is_tried_again_as_it_was_asked_for(
    company: Company, copied: Move
) -> None:
    services.copy_again(**company.who, move=copied, anew=True, mailbox="info@moved.example")
    copy = Copy.objects.get(address="info@moved.example")
    tell(company, seen(company, copy, "failed", words="The directory is not there."))
    copy.refresh_from_db()
    assert copy.due_at is not None
    services.advance_due(copy.due_at)
    assert (last("info@moved.example").round, last("info@moved.example").anew) == (3, True)


def test_a_move_that_was_done_brings_nothing_deleted_unless_asked(
    company: Company, copied: Move
) -> None:
    """The nodes have forgotten what had come: all of it would be new to them."""
    services.switch(**company.who, move=copied)
    finish_round(company, copied)
    services.verify(**company.who, move=copied)
    services.confirm(**company.who, move=copied)
    services.finish(**company.who, move=copied)
    services.report_loss(**company.who, move=copied, words="A folder is missing.")
    assert services.copy_again(**company.who, move=copied) == 0
    assert services.copy_again(**company.who, move=copied, anew=True) == 5


@pytest.mark.parametrize("role", ["operator", "customer"])
def test_a_reported_loss_offers_it_to_the_company(world: World, role: str) -> None:
    move = world.moves["main"]
    services.report_loss(
        actor=world.actor("customer"), now=world.now, move=move, words="Bills are missing."
    )
    offered = f"/moves/{move.pk}/copy/anew/"
    page = world.client(role).get(f"/moves/{move.pk}/").content.decode()
    assert (offered in page) == (role == "operator")
    if role == "operator":
        question = world.client(role).get(offered).content.decode()
        assert "also what the users have deleted here" in question
        assert world.client(role).post(offered, {"mailbox": "", "reason": ""}).status_code == 302
    else:
        assert world.client(role).get(offered).status_code in (403, 404)
