"""Redis's own commands."""

from __future__ import annotations

import shutil

from mailstead.home import Home
from mailstead.mailplane.engines.processes import run
from mailstead.mailplane.engines.redis.model import RedisModel
from mailstead.mailplane.engines.redis.render import config_file

READERS = "mailredis"
"""The group that comes to the socket: Rspamd, and the guard, which must not read its keys."""


def command(model: RedisModel) -> list[str]:
    """What the supervisor runs, as user `redis`."""
    return ["/usr/bin/redis-server", str(config_file(model.home))]


def prepare(model: RedisModel) -> None:
    """Make the directories with their owners."""
    home = model.home
    home.redis.mkdir(parents=True, exist_ok=True)
    shutil.chown(home.redis, "redis", "redis")
    home.redis.chmod(0o750)
    run_dir = home.redis_socket.parent
    run_dir.mkdir(parents=True, exist_ok=True)
    # The directory decides who reaches the socket: its group is inherited by what is made in it.
    shutil.chown(run_dir, "redis", READERS)
    run_dir.chmod(0o2750)
    log = home.log / "redis.log"
    log.touch()
    shutil.chown(log, "redis", "redis")


def reopen_log(home: Home, pid: int) -> None:
    """Nothing to do: Redis opens its log anew for each line."""


def answers(home: Home) -> bool:
    """Whether Redis answers a PING."""
    done = run(
        ["/usr/bin/redis-cli", "-s", str(home.redis_socket), "ping"], accept=(0, 1), timeout=5
    )
    return done.out.strip() == "PONG"
