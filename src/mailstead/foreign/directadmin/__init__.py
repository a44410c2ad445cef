"""DirectAdmin: a user's backup, or the same account on a live server, as an `Inventory`.

`detect` tells how an account lies somewhere, `accounts` which a live server has, `read` reads one.
"""

from mailstead.foreign.directadmin.layout import accounts, keep
from mailstead.foreign.directadmin.reader import read
from mailstead.foreign.directadmin.source import detect, opened

__all__ = ["accounts", "detect", "keep", "opened", "read"]
