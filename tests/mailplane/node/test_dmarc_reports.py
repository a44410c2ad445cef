"""When the daily DMARC reports are due."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from mailstead.config import Dmarc, Settings
from mailstead.home import Home
from mailstead.mailplane.node.dmarc_reports import DmarcReports


def made(folder: Path, *, reports: bool = True) -> DmarcReports:
    settings = Settings(home=folder, hostname="mx.node.example", dmarc=Dmarc(reports=reports))
    return DmarcReports(settings, Home(folder))


def at(day: int, hour: int) -> dt.datetime:
    return dt.datetime(2026, 3, day, hour, tzinfo=dt.UTC)


def done(folder: Path, day: str) -> None:
    path = Home(folder).event_spool.parent / "reported"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{day}\n")


def test_they_are_off_until_the_operator_wants_them(tmp_path: Path) -> None:
    assert made(tmp_path, reports=False).due(at(10, 12)) == []
    assert Settings().dmarc.reports is False


def test_the_day_before_is_reported_once(tmp_path: Path) -> None:
    assert made(tmp_path).due(at(10, 12)) == ["20260309"]
    done(tmp_path, "20260309")
    assert made(tmp_path).due(at(10, 12)) == []
    assert made(tmp_path).due(at(10, 23)) == []


def test_a_day_that_was_missed_is_made_up_for_and_no_older_one(tmp_path: Path) -> None:
    done(tmp_path, "20260301")
    assert made(tmp_path).due(at(10, 12)) == ["20260308", "20260309"]


@pytest.mark.parametrize("hour", [0, 6])
def test_each_host_has_a_time_of_its_own_in_the_night(tmp_path: Path, hour: int) -> None:
    names = [f"mx{number}.node.example" for number in range(200)]
    home = Home(tmp_path)
    count = sum(
        bool(
            DmarcReports(Settings(hostname=name, dmarc=Dmarc(reports=True)), home).due(at(9, hour))
        )
        for name in names
    )
    assert count == 200 if hour == 6 else count < 20
