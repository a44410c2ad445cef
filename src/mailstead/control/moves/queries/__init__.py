"""What can be asked, from an actor."""

from mailstead.control.moves.queries.copies import Progress, copies, progress, rates
from mailstead.control.moves.queries.exports import export_numbered, exports, readme
from mailstead.control.moves.queries.house import house_of
from mailstead.control.moves.queries.moves import (
    batch_named,
    batches,
    inventory_of,
    move_numbered,
    moves,
    rows,
)
from mailstead.control.moves.queries.outgoing import exported_domains, outgoing
from mailstead.control.moves.queries.parity import Report, report
from mailstead.control.moves.queries.pointing import Pointing, moved_domains, pointing
from mailstead.control.moves.queries.redirects import (
    OldAddress,
    old_addresses,
    redirect_of,
    taken_ports,
)
from mailstead.control.moves.queries.told import (
    move_told,
    report_lines,
    rows_told,
    with_figures,
)
from mailstead.control.moves.queries.webmail import address_books

__all__ = [
    "OldAddress",
    "Pointing",
    "Progress",
    "Report",
    "address_books",
    "batch_named",
    "batches",
    "copies",
    "export_numbered",
    "exported_domains",
    "exports",
    "house_of",
    "inventory_of",
    "move_numbered",
    "move_told",
    "moved_domains",
    "moves",
    "old_addresses",
    "outgoing",
    "pointing",
    "progress",
    "rates",
    "readme",
    "redirect_of",
    "report",
    "report_lines",
    "rows",
    "rows_told",
    "taken_ports",
    "with_figures",
]
