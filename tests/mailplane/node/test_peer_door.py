"""What a node tells of how other nodes of ours come to its mailboxes."""

from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest

from mailstead.config import Moves, Settings, load
from mailstead.home import Home
from mailstead.mailplane.engines.dovecot import model, peers, render
from mailstead.mailplane.engines.files import write
from mailstead.mailplane.node import tls
from mailstead.mailplane.node.peer_door import AGAIN, LOOK_EVERY, PeerDoor
from mailstead.standards.refusal import Refusal


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of a node with a certificate of its own making and a password."""
    home = Home(tmp_path)
    tls.ensure(home, ("mx.node.example",))
    home.secrets.mkdir()
    home.doveadm_password.write_text("only between us\n".replace(" ", "-"))
    return Settings(home=tmp_path, hostname="mx.node.example", moves=Moves(listen="192.0.2.5"))


def test_it_is_told_once_and_again_when_it_has_changed(settings: Settings) -> None:
    home = Home(settings.home)
    door = PeerDoor(settings, home)
    (told,) = door.due(0.0)
    assert (told.host, told.port, told.password) == ("mx.node.example", 24245, "only-between-us")
    assert told.certificate.startswith("-----BEGIN CERTIFICATE-----")
    assert not door.due(LOOK_EVERY)
    home.doveadm_password.write_text("another-word")
    assert door.due(2 * LOOK_EVERY)[0].password == "another-word"
    assert not door.due(3 * LOOK_EVERY)
    assert door.due(3 * LOOK_EVERY + AGAIN)


def test_a_closed_one_tells_no_password(settings: Settings) -> None:
    closed = msgspec.structs.replace(settings, moves=Moves())
    (told,) = PeerDoor(closed, Home(settings.home)).due(0.0)
    assert (told.port, told.password, told.certificate) == (0, "", "")


def test_dovecot_listens_only_where_it_is_asked_for(settings: Settings) -> None:
    home = Home(settings.home)
    opened = model.from_settings(settings, home)
    closed = model.from_settings(msgspec.structs.replace(settings, moves=Moves()), home)
    assert closed.peers is None
    texts = {file.path: file for file in render.render(closed)}
    assert peers.file(home) not in texts
    assert "peers.conf" not in texts[render.config_file(home)].text
    texts = {file.path: file for file in render.render(opened)}
    text = texts[peers.file(home)].text
    assert "address = 192.0.2.5" in text and "port = 24245" in text and "ssl = yes" in text
    # The password stands in that one file, which is root's alone.
    assert [path for path, file in texts.items() if "only-between-us" in file.text] == [
        peers.file(home)
    ]
    write([texts[peers.file(home)]])
    assert stat.S_IMODE(peers.file(home).stat().st_mode) == 0o600


@pytest.mark.parametrize("line", ['listen = "everywhere"', 'name = "not a name"'])
def test_a_wrong_setting_is_refused_by_its_name(tmp_path: Path, line: str) -> None:
    (tmp_path / "mailstead.toml").write_text(f'hostname = "mx.node.example"\n[moves]\n{line}\n')
    with pytest.raises(Refusal, match=f"moves.{line.split()[0]}"):
        load(tmp_path)
