"""The life of a move as one table: which act leads from which state to which.

    draft ──plan──► planned ──announce──► announced ──start──► copying ──switch──► switched
                       │                                ▲          │                  │
                       └────────────start───────────────┘          │                verify
                                                                   ▼                  ▼
    back ◄─returned─ returning ◄────────back────────────────────── any ◄────────── verified
                                                                                      │
      done ◄──finish── watched ◄──watch───────────────────────────────────────────────┘

A reported loss opens a move again (`reopen`): it is `switched` as before the report. While it is
`returning` what has come here since the switch is brought to the old server. While it is `back` it
may be planned anew.
"""

from __future__ import annotations

from typing import Literal, get_args

from mailstead.standards.refusal import Refusal

State = Literal[
    "draft",
    "planned",
    "announced",
    "copying",
    "switched",
    "verified",
    "watched",
    "done",
    "returning",
    "back",
]
Act = Literal[
    "plan",
    "announce",
    "start",
    "switch",
    "verify",
    "watch",
    "finish",
    "reopen",
    "back",
    "returned",
]
STATES: tuple[State, ...] = get_args(State)

TABLE: dict[Act, dict[State, State]] = {
    "plan": {"draft": "planned", "planned": "planned", "announced": "announced", "back": "planned"},
    "announce": {"planned": "announced", "announced": "announced"},
    "start": {"planned": "copying", "announced": "copying"},
    "switch": {"copying": "switched"},
    "verify": {"switched": "verified", "verified": "verified"},
    "watch": {"verified": "watched"},
    "finish": {"watched": "done"},
    "reopen": {"verified": "switched", "watched": "switched", "done": "switched"},
    "back": dict.fromkeys(("copying", "switched", "verified", "watched"), "returning"),
    "returned": {"returning": "back"},
}
ACTS: tuple[Act, ...] = get_args(Act)
MOVING: tuple[State, ...] = ("copying", "switched")
"""While mail is copied."""
OVER: tuple[State, ...] = ("done", "back")


def after(act: Act, state: str) -> State:
    """The state into which an act leads; raises `Refusal` (`move-state`) where it leads nowhere."""
    found = TABLE[act].get(state)  # type: ignore[call-overload]
    if found is None:
        raise Refusal(
            "move-state",
            "A move that is '{state}' cannot be taken further by '{act}'.",
            remedy="Possible now: {acts}.",
            state=state,
            act=act,
            acts=", ".join(acts(state)) or "nothing",
        )
    return found  # type: ignore[no-any-return]


def acts(state: str) -> tuple[Act, ...]:
    """What can be done in a state."""
    return tuple(act for act in ACTS if state in TABLE[act])
