"""Mailboxes packed into an archive while mail arrives: for exports (docs/operator/export.md).

`snapshot` holds a mailbox still, `pack` writes the archive in pieces, and `__main__` is the process
that does it for the control plane.
"""
