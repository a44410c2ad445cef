"""What may happen."""

from mailstead.control.moves.services.acting import (
    GRACE,
    back,
    confirm,
    finish,
    go_on,
    installed,
    report_loss,
    settle_loss,
    start,
    switch,
    verify,
)
from mailstead.control.moves.services.changing import update_move
from mailstead.control.moves.services.copies import (
    advance_due,
    copy_again,
    pause,
    record,
    snapshot,
)
from mailstead.control.moves.services.imap import (
    create_imap_move,
    source_of_copy,
    update_logins,
)
from mailstead.control.moves.services.install import INSTALL, install_next, install_total
from mailstead.control.moves.services.letters import announce
from mailstead.control.moves.services.moves import (
    create_batch,
    create_move,
    remove_move,
    update_batch,
)
from mailstead.control.moves.services.pace import set_pace
from mailstead.control.moves.services.planning import (
    answer,
    keep_inventory,
    make_plan,
    refuse_open_questions,
)
from mailstead.control.moves.services.preflight import check_node
from mailstead.control.moves.services.reading import (
    ask_reading,
    incoming,
    listed,
    read_due,
    read_now,
)
from mailstead.control.moves.services.redirects import (
    KEPT,
    SWITCHED,
    add_redirect,
    end_redirect,
    expire_redirects,
)
from mailstead.control.moves.services.trying import complete_order, try_due
from mailstead.foreign.imap import ImapLogin, ImapRow, read_csv

__all__ = [
    "GRACE",
    "INSTALL",
    "KEPT",
    "SWITCHED",
    "ImapLogin",
    "ImapRow",
    "add_redirect",
    "advance_due",
    "announce",
    "answer",
    "ask_reading",
    "back",
    "check_node",
    "complete_order",
    "confirm",
    "copy_again",
    "create_batch",
    "create_imap_move",
    "create_move",
    "end_redirect",
    "expire_redirects",
    "finish",
    "go_on",
    "incoming",
    "install_next",
    "install_total",
    "installed",
    "keep_inventory",
    "listed",
    "make_plan",
    "pause",
    "read_csv",
    "read_due",
    "read_now",
    "record",
    "refuse_open_questions",
    "remove_move",
    "report_loss",
    "set_pace",
    "settle_loss",
    "snapshot",
    "source_of_copy",
    "start",
    "switch",
    "try_due",
    "update_batch",
    "update_logins",
    "update_move",
    "verify",
]
