"""What can be asked, from an actor."""

from mailstead.control.moves.queries.copies import Progress, copies, progress, rates
from mailstead.control.moves.queries.exports import export_numbered, exports, readme
from mailstead.control.moves.queries.house import house_of
from mailstead.control.moves.queries.moves import (
    batch_named,
    batch_numbered,
    batches,
    batches_with_moves,
    inventory_of,
    login_told,
    may_change_customer,
    move_numbered,
    moves,
)
from mailstead.control.moves.queries.outgoing import exported_domains, outgoing
from mailstead.control.moves.queries.own import between_of
from mailstead.control.moves.queries.pace import ServerPace, pace_of, paces
from mailstead.control.moves.queries.parity import Report, report
from mailstead.control.moves.queries.plan import NOTABLE, Part, by_domain, rows
from mailstead.control.moves.queries.pointing import Pointing, moved_domains, pointing
from mailstead.control.moves.queries.redirects import (
    OldAddress,
    old_addresses,
    redirect_of,
    taken_ports,
)
from mailstead.control.moves.queries.returning import Returned, brought_back, returned
from mailstead.control.moves.queries.told import (
    domains_told,
    move_told,
    report_lines,
    rows_told,
    with_figures,
)
from mailstead.control.moves.queries.webmail import address_books

__all__ = [
    "NOTABLE",
    "OldAddress",
    "Part",
    "Pointing",
    "Progress",
    "Report",
    "Returned",
    "ServerPace",
    "address_books",
    "batch_named",
    "batch_numbered",
    "batches",
    "batches_with_moves",
    "between_of",
    "brought_back",
    "by_domain",
    "copies",
    "domains_told",
    "export_numbered",
    "exported_domains",
    "exports",
    "house_of",
    "inventory_of",
    "login_told",
    "may_change_customer",
    "move_numbered",
    "move_told",
    "moved_domains",
    "moves",
    "old_addresses",
    "outgoing",
    "pace_of",
    "paces",
    "pointing",
    "progress",
    "rates",
    "readme",
    "redirect_of",
    "report",
    "report_lines",
    "returned",
    "rows",
    "rows_told",
    "taken_ports",
    "with_figures",
]
