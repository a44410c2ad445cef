"""Build the directory from a snapshot: everything is derived again, differences are written.

The maps never stand empty in between: each is brought from the old to the new content in one step.
"""

from __future__ import annotations

from collections.abc import Iterable

from mailstead.mailplane.directory import compile as compiler
from mailstead.mailplane.directory.apply import Directory
from mailstead.wire.changes import Change, MailboxPut

_FORGET_EVERY = 20_000


def rebuild(directory: Directory, revision: int, changes: Iterable[Change]) -> None:
    """Make the directory hold exactly what the snapshot says, in every engine.

    `changes` are `…Put` messages; when the stream raises (it was cut off) nothing has changed.
    """
    db, state = directory.connection, directory.state
    with directory.transaction():
        db.execute("DELETE FROM thing")
        db.execute("DELETE FROM pointer")
        state.forget()
        for number, change in enumerate(changes, start=1):
            state.put(change)
            if isinstance(change, MailboxPut):
                directory.stores.claim(change.address, change.store, directory.journal)
            if number % _FORGET_EVERY == 0:
                state.forget()
        db.execute("CREATE TEMP TABLE IF NOT EXISTS live (owner TEXT PRIMARY KEY) WITHOUT ROWID")
        db.execute("DELETE FROM live")
        for owner in _owners(directory):
            db.execute("INSERT OR IGNORE INTO live VALUES (?)", (owner,))
            directory.write_answers(owner, compiler.answers(state, owner))
        dead = db.execute(
            "SELECT DISTINCT owner FROM answer WHERE owner != '' "
            "AND owner NOT IN (SELECT owner FROM live)"
        ).fetchall()
        for (owner,) in dead:
            directory.write_answers(owner, {})
        # What the maps lack is found by looking at the maps themselves.
        directory.journal.clear()
        directory.journal.add("compare", "", "", "")
        directory.set_revision(revision)
        directory.note_schema()
    state.forget()


def _owners(directory: Directory) -> Iterable[str]:
    state = directory.state
    yield compiler.PEERS
    yield from (f"{compiler.ZONE}{name}" for name in state.zones())
    for number, name in enumerate(state.domains()):
        yield name
        for local in sorted(compiler.known_locals(state, name)):
            yield f"{local}@{name}"
        if number % 500 == 0:
            state.forget()
