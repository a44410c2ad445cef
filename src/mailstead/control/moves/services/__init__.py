"""What may happen."""

from mailstead.control.moves.services.acting import (
    GRACE,
    back,
    confirm,
    finish,
    go_on,
    installed,
    look_at_dns,
    report_loss,
    settle_loss,
    start,
    switch,
    verify,
)
from mailstead.control.moves.services.beat import advance_due, record, snapshot, source_of_copy
from mailstead.control.moves.services.changing import update_move
from mailstead.control.moves.services.copies import copy_again, pause
from mailstead.control.moves.services.exports import (
    KEPT as KEPT_EXPORTS,
)
from mailstead.control.moves.services.exports import (
    check_exportable,
    create_export,
    expire_exports,
    fetch_export,
    file_name,
    note_export,
    remove_export,
    resume_export,
    stop_export,
)
from mailstead.control.moves.services.imap import create_imap_move, update_logins
from mailstead.control.moves.services.install import (
    INSTALL,
    Ground,
    ground_of,
    install_next,
    install_total,
)
from mailstead.control.moves.services.letters import announce
from mailstead.control.moves.services.making import boxes_of, head_of, make_due
from mailstead.control.moves.services.moves import (
    create_batch,
    create_move,
    remove_move,
    update_batch,
)
from mailstead.control.moves.services.own.make import create_own_move
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
from mailstead.control.moves.services.returning import (
    LAST_LOOK,
    bring_back_again,
    end_returning,
    fetch_kept,
)
from mailstead.control.moves.services.trying import complete_order, try_due
from mailstead.control.moves.services.webmail import put_webmail
from mailstead.foreign.imap import ImapLogin, ImapRow, read_csv

__all__ = [
    "GRACE",
    "INSTALL",
    "KEPT",
    "KEPT_EXPORTS",
    "LAST_LOOK",
    "SWITCHED",
    "Ground",
    "ImapLogin",
    "ImapRow",
    "add_redirect",
    "advance_due",
    "announce",
    "answer",
    "ask_reading",
    "back",
    "boxes_of",
    "bring_back_again",
    "check_exportable",
    "check_node",
    "complete_order",
    "confirm",
    "copy_again",
    "create_batch",
    "create_export",
    "create_imap_move",
    "create_move",
    "create_own_move",
    "end_redirect",
    "end_returning",
    "expire_exports",
    "expire_redirects",
    "fetch_export",
    "fetch_kept",
    "file_name",
    "finish",
    "go_on",
    "ground_of",
    "head_of",
    "incoming",
    "install_next",
    "install_total",
    "installed",
    "keep_inventory",
    "listed",
    "look_at_dns",
    "make_due",
    "make_plan",
    "note_export",
    "pause",
    "put_webmail",
    "read_csv",
    "read_due",
    "read_now",
    "record",
    "refuse_open_questions",
    "remove_export",
    "remove_move",
    "report_loss",
    "resume_export",
    "set_pace",
    "settle_loss",
    "snapshot",
    "source_of_copy",
    "start",
    "stop_export",
    "switch",
    "try_due",
    "update_batch",
    "update_logins",
    "update_move",
    "verify",
]
