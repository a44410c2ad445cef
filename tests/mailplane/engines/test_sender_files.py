"""Whose each address is, as Rspamd reads it: the same answers as the map, in small files."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from mailstead.home import Home
from mailstead.mailplane.engines.rspamd.senders import SenderFiles

_ADDRESSES = [f"user{number}@x.example" for number in range(12)]
_EDITS = st.lists(
    st.tuples(st.sampled_from(_ADDRESSES), st.one_of(st.none(), st.sampled_from(["a/1", "b/2"]))),
    max_size=30,
)


def made(folder: Path) -> SenderFiles:
    return SenderFiles(Home(folder))


def test_they_are_not_complete_before_they_have_been_filled(tmp_path: Path) -> None:
    files = made(tmp_path)
    assert not files.complete
    files.update({"ann@x.example": "ann@x.example/1"}, [])
    assert not files.complete
    files.replace({})
    assert files.complete
    assert files.dump() == {}


@given(edits=_EDITS)
def test_edits_one_by_one_make_what_a_replacement_makes(
    edits: list[tuple[str, str | None]], tmp_path_factory: object
) -> None:
    folder: Path = tmp_path_factory.mktemp("s")  # type: ignore[attr-defined]
    files, truth = made(folder), dict[str, str]()
    files.replace({"user0@x.example": "old/1", "gone@x.example": "old/1"})
    truth = {"user0@x.example": "old/1", "gone@x.example": "old/1"}
    for address, log_ins in edits:
        if log_ins is None:
            files.update({}, [address])
            truth.pop(address, None)
        else:
            files.update({address: log_ins}, [])
            truth[address] = log_ins
    assert files.dump() == truth
    files.replace(truth)
    assert files.dump() == truth


def test_a_file_that_is_damaged_is_mended_by_a_replacement(tmp_path: Path) -> None:
    files = made(tmp_path)
    entries = {address: f"{address}/1" for address in _ADDRESSES}
    files.replace(entries)
    for path in Home(tmp_path).sender_files.iterdir():
        path.write_text("")
    files.replace(entries)
    assert files.dump() == entries
