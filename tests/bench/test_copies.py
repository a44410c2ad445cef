"""Copies of mail are measured beside cp, each message counted, and nothing stays."""

from __future__ import annotations

from pathlib import Path

from bench import copies
from mailstead.mailplane.node.copies import scan
from mailstead.mailplane.node.copies.files import open_path


def test_every_figure_is_there_and_the_trees_are_gone(tmp_path: Path) -> None:
    figures = copies.measure(tmp_path, 80, 400_000, 1, lambda words: None)
    assert [figure.unit for figure in figures] == ["", "", "MiB/s", "", "ms", "ms"]
    assert all(figure.value > 0 for figure in figures)
    assert list(tmp_path.iterdir()) == []


def test_the_tree_is_a_mailbox_as_others_have_it(tmp_path: Path) -> None:
    octets = copies.make_tree(tmp_path / "box", 400, 4_000_000)
    assert 3_000_000 < octets < 5_000_000
    root = open_path(tmp_path / "box")
    tree = scan.look(root, "mutf-7")
    assert len(tree.folders) == copies.FOLDERS and not tree.remarks
    for folder in tree.folders:
        with tree.open(folder) as at:
            assert scan.messages(at).keys() == scan.uid_list(at).uids.keys() != set()
