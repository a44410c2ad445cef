"""Every variant gets the same messages, and the mailboxes' password is the one the load uses."""

from __future__ import annotations

import subprocess

import pytest
from bench.population import PASSWORD, SECRET, Population, things, traffic

from mailstead.wire import codec
from mailstead.wire.changes import DkimKeyPut, DomainPut, MailboxPut


def test_the_same_seed_gives_the_same_messages() -> None:
    population = Population(50)
    once = traffic(population, 200, 7, inside=True)
    assert once == traffic(population, 200, 7, inside=True)
    assert once != traffic(population, 200, 8, inside=True)


def test_mail_goes_to_mailboxes_that_exist_and_mostly_to_the_active_ones() -> None:
    population = Population(1000)
    recipients = [letter.recipient for letter in traffic(population, 5000, 1, inside=False)]
    assert set(recipients) <= set(population.all_addresses())
    often = sorted((recipients.count(one) for one in set(recipients)), reverse=True)
    # 2 % of the mailboxes get four fifths of the mail; the rest is spread.
    assert sum(often[:100]) > 3500
    assert len(often) > 500


def test_mail_from_outside_has_foreign_senders_and_submission_has_hosted_ones() -> None:
    population = Population(20)
    hosted = set(population.all_addresses())
    assert not hosted & {x.sender for x in traffic(population, 100, 1, inside=False)}
    assert {x.sender for x in traffic(population, 100, 1, inside=True)} <= hosted


def test_a_snapshot_of_the_population_is_what_the_wire_knows() -> None:
    made = list(things(Population(2), "key"))
    assert [type(one) for one in made] == [DomainPut, DkimKeyPut] * 2 + [MailboxPut] * 10
    lines = list(codec.encode_snapshot(1, made))
    revision, changes = codec.decode_snapshot(lines)
    assert (revision, list(changes)) == (1, made)


@pytest.mark.engines
def test_dovecot_takes_the_password_for_the_hash() -> None:
    done = subprocess.run(
        ["doveadm", "-c", "/dev/null", "pw", "-t", SECRET, "-p", PASSWORD],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "(verified)" in done.stdout
