"""Reading another panel's archive is measured on one that is read whole, and nothing stays."""

from __future__ import annotations

from pathlib import Path

from bench import archives
from mailstead.foreign.cpanel.reader import read


def test_every_figure_is_there_and_the_archive_is_gone(tmp_path: Path) -> None:
    figures = archives.measure(tmp_path, 3, lambda words: None, messages=5)
    assert [figure.unit for figure in figures] == ["MiB", "s", "×"] * 2
    assert all(figure.value > 0 for figure in figures)
    assert list(tmp_path.iterdir()) == []


def test_the_archive_has_all_that_is_said_of_it(tmp_path: Path) -> None:
    path = tmp_path / "cpmove-acct.tar.gz"
    archives.write(path, "gz", 2, messages=8)
    found = read(path, work=tmp_path)
    (domain,) = found.domains
    assert len(domain.aliases) == len(domain.autoresponders) == 2
    boxes = [box for box in domain.mailboxes if not box.login]
    assert [(box.quota, box.stores[0].messages) for box in boxes] == [(104_857_600, 8)] * 2
    assert all(box.secret and box.filter for box in boxes)
    assert [one for one in found.remarks if one.grade in ("unknown", "refused")] == []
