"""`mailstead guard`: what the node's guard has learned, said in words."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tests.cli.commands import ok, run
from tests.mailplane.guard.mailboxes import ANN, BOT, FAR, NOW, message, settled, strangers
from tests.mailplane.guard.test_journal import kept

from mailstead.home import Home
from mailstead.mailplane.guard.case_store import CaseStore
from mailstead.mailplane.guard.cases import Cases
from mailstead.mailplane.guard.memory import Memory
from mailstead.mailplane.guard.profile import HOUR


def test_before_it_has_learned_anything_it_says_so(home: Path) -> None:
    for words in (["list"], ["explain", ANN]):
        done = run("guard", *words, "--home", str(home))
        assert done.returncode == 2 and "not learned anything yet" in done.stderr


def test_who_looks_stolen_and_why(home: Path) -> None:
    detector = settled()
    for number in range(12):
        detector.judge(message(NOW + number, *strangers(8, f"x{number}"), client=FAR, helo=BOT))
    memory = Memory(Home(home).guard_profiles)
    memory.keep(detector, NOW)
    memory.close()
    nats = detector.weigh(ANN, detector.record(ANN, NOW).profile, NOW)
    store = CaseStore(Home(home).guard_cases)
    Cases(detector, store).suspect(ANN, "hold", nats, NOW)
    store.close()
    (row,) = json.loads(ok(home, "guard", "list", "--json"))["items"]
    assert (row["mailbox"], row["step"]) == (ANN, "hold")
    assert "writes to people it never wrote to (8): +5.0" in row["why"]
    told = ok(home, "guard", "explain", ANN.upper())
    assert "known_since" in told and "of 9.2" in told
    memory = Memory(Home(home).guard_profiles)
    memory.forget(ANN)
    memory.close()
    # A case is there at once, what is known of the mailbox a second later.
    early = json.loads(ok(home, "guard", "explain", ANN, "--json"))
    assert early["step"] == "hold" and early["case_evidence"] == row["evidence"]
    assert "; ".join(early["case_why"]) == row["why"]
    done = run("guard", "explain", "nobody@cars.example", "--home", str(home))
    assert done.returncode == 2 and "has not seen nobody@cars.example" in done.stderr


def test_other_weights_are_tried_out_on_what_was_told(home: Path) -> None:
    done = run("guard", "replay", "--home", str(home))
    assert done.returncode == 2 and "has kept nothing" in done.stderr
    folder = Home(home).guard_journal
    folder.parent.mkdir(exist_ok=True)
    begin = time.time() - NOW - HOUR
    kept(folder, begin)
    (row,) = json.loads(ok(home, "guard", "replay", "--days", "60", "--json"))["items"]
    assert (row["mailbox"], row["change"]) == (ANN, "as now")
    words = ("--bound", "60", "--weight", "network-new=3")
    (row,) = json.loads(ok(home, "guard", "replay", "--days", "60", *words, "--json"))["items"]
    assert row["change"] == "no more" and row["held_then"] is None
    done = run("guard", "replay", "--weight", "network-new", "--home", str(home))
    assert done.returncode == 2 and "network-new=3" in done.stderr
