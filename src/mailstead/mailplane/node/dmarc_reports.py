"""The daily DMARC reports of this node: to domains of which enough was received, once a day.

Rspamd counts in Redis what it receives in the name of each domain that asks for reports, by the
machine's own day; its tool makes and sends them. Here is when, and for whom it is worth it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import zlib
from pathlib import Path

from mailstead.config import Settings, load
from mailstead.home import Home
from mailstead.mailplane.engines.processes import run
from mailstead.mailplane.engines.rspamd import control, model

_INDEX, _JOIN = "dmarc_idx", ";"
_SPREAD = 6 * 60
"""Minutes after midnight within which each host has its own: not all of the world at once."""


class DmarcReports:
    """One node's reports; `<home>/agent/reported` holds the last day that was reported."""

    def __init__(self, settings: Settings, home: Home) -> None:
        self._settings = settings
        self._home = home
        self._done = home.event_spool.parent / "reported"

    def due(self, now: dt.datetime) -> list[str]:
        """The days to report now (YYYYMMDD), oldest first; `now` is local, as Rspamd's days are.

        Yesterday, and the day before when that was missed: Redis forgets them after two days.
        """
        if not self._settings.dmarc.reports or not self._settings.spam.scan:
            return []
        minute = zlib.crc32(self._settings.hostname.encode()) % _SPREAD
        if now.hour * 60 + now.minute < minute:
            return []
        last = self._done.read_text(encoding="ascii").strip() if self._done.exists() else ""
        days = [f"{now - dt.timedelta(days=back):%Y%m%d}" for back in (2, 1)]
        return [day for day in days if day > last] if last else days[1:]

    def send(self, days: list[str]) -> str:
        """Send the reports of these days; returns what the tool said. Raises `EngineError`."""
        for day in days:
            self._leave_out_few(day)
        said = control.send_reports(model.from_settings(self._settings, self._home), days)
        self._done.parent.mkdir(parents=True, exist_ok=True)
        self._done.write_text(f"{days[-1]}\n", encoding="ascii")
        return said

    def _leave_out_few(self, day: str) -> None:
        """Forget the domains of which too little was received on a day."""
        index = f"{_INDEX}{_JOIN}{day}"
        for key in self._redis("SMEMBERS", index):
            # Members and their counts by turns.
            counts = self._redis("ZRANGE", key, "0", "-1", "WITHSCORES")[1::2]
            if sum(int(float(count)) for count in counts) < self._settings.dmarc.report_minimum:
                self._redis("SREM", index, key)
                self._redis("DEL", key)

    def _redis(self, *words: str) -> list[str]:
        done = run(["/usr/bin/redis-cli", "-s", str(self._home.redis_socket), *words])
        return [line for line in done.out.splitlines() if line]


def main(arguments: list[str]) -> int:
    """Send the reports of the given days now, whatever the settings say of the time."""
    parser = argparse.ArgumentParser(prog="dmarc_reports")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("day", nargs="+", help="YYYYMMDD")
    given = parser.parse_args(arguments)
    print(DmarcReports(load(given.home), Home(given.home)).send(sorted(given.day)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
