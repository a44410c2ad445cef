"""Redis's file from the model."""

from __future__ import annotations

from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.engines.files import File
from mailstead.mailplane.engines.redis.model import RedisModel


def config_file(home: Home) -> Path:
    """Where redis.conf of the instance is."""
    return home.redis / "redis.conf"


def render(model: RedisModel) -> list[File]:
    """All files of this Redis."""
    text = f"""\
# Made by Mailstead from its settings; changes here are overwritten.
# A unix socket only: nothing to reach over the network.
port 0
unixsocket {model.home.redis_socket}
# Rspamd and the guard are in the group.
unixsocketperm 770
dir {model.home.redis}
logfile {model.home.log}/redis.log
daemonize no
# Bayes and greylist survive a restart; losing the last minutes harms nobody.
appendonly no
save 900 1 300 100
maxmemory {model.memory_limit}
# The spam filter's counters: the least used go first.
maxmemory-policy volatile-lfu
# A full disk must not stop the spam filter.
stop-writes-on-bgsave-error no
databases 4
"""
    return [File(config_file(model.home), text, 0o640, "root", "redis")]
