"""Roundcube's data as other servers keep it: SQLite, a dump of MySQL, DirectAdmin's XML.

Each reader gives `Webmail` by Roundcube's user name and refuses a file that it cannot read with
`Refusal` (`webmail-unreadable`, `webmail-too-large`); `into_sqlite` puts one into a Roundcube of
ours.
"""

from mailstead.foreign.roundcube.directadmin import from_directadmin_xml
from mailstead.foreign.roundcube.mysqldump import from_mysql_dump
from mailstead.foreign.roundcube.sqlite import from_sqlite
from mailstead.foreign.roundcube.write import into_sqlite

__all__ = ["from_directadmin_xml", "from_mysql_dump", "from_sqlite", "into_sqlite"]
