"""Resident memory and processor time of an idle node: what it takes before any mail comes.

RSS counts a shared page once for every process that maps it, PSS divides it among them
(Documentation/filesystems/proc.rst, smaps_rollup). The target is on the sum of RSS, the larger.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from bench.report import Figure

TARGET_MB = 600.0
TARGET_CORE = 5.0
"""Percent of one core: a process that waits in a loop shows here."""
MEGABYTE = 1024.0  # smaps_rollup counts in KiB; a megabyte here is a MiB


@dataclass
class Use:
    """Memory of all processes of one program, KiB."""

    processes: int = 0
    rss: int = 0
    pss: int = 0


def tree(root: int) -> list[int]:
    """The process and all its descendants."""
    children: dict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            parent = _parent(int(entry.name))
            if parent:
                children[parent].append(int(entry.name))
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children[pid]
    return found


def _parent(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    # proc(5): the name in parentheses may hold anything, so count from its end.
    return int(text.rpartition(")")[2].split()[1])


def by_program(pids: list[int]) -> dict[str, Use]:
    """Memory by program; processes that ended meanwhile are left out."""
    uses: dict[str, Use] = defaultdict(Use)
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
            name = _name(pid)
        except OSError:
            continue
        values = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
        use = uses[name]
        use.processes += 1
        use.rss += values["Rss"]
        use.pss += values["Pss"]
    return dict(uses)


def _name(pid: int) -> str:
    """What the operator would call the process: the program, or the module Python runs."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    # Daemons write what they do into their title: `rspamd: controller process (…)`.
    title = words[0].split(" ")
    if title[0].endswith(":") and len(title) > 1:
        return f"{title[0]} {title[1]}"
    program = Path(title[0]).name
    if program.startswith("python"):
        named = [word for word in words[1:] if word and not word.startswith("-")]
        module = words[words.index("-m") + 1] if "-m" in words else (named or [program])[0]
        return Path(module).name.removeprefix("mailstead.")
    return program or str(pid)


def processor_seconds(pids: list[int]) -> float:
    """Processor time that the processes have used since their start (proc(5), stat)."""
    ticks = 0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        except OSError:
            continue
        used = text.rpartition(")")[2].split()[11:13]
        ticks += sum(int(number) for number in used)
    return ticks / os.sysconf("SC_CLK_TCK")


def measure(root: int, settle: float) -> list[Figure]:
    """Of everything under the process `root` after, and during, `settle` seconds of rest."""
    time.sleep(settle)
    begun, before = time.monotonic(), processor_seconds(tree(root))
    time.sleep(settle)
    used = processor_seconds(tree(root)) - before
    share = 100 * used / (time.monotonic() - begun)
    uses = by_program(tree(root))
    rows = sorted(uses.items(), key=lambda item: -item[1].rss)
    detail: dict[str, object] = {
        name: {"processes": use.processes, "rss_kib": use.rss, "pss_kib": use.pss}
        for name, use in rows
    }
    figures = [
        Figure(
            "memory",
            "idle node, sum of RSS",
            sum(use.rss for use in uses.values()) / MEGABYTE,
            "MB",
            at_most=TARGET_MB,
            detail=detail,
        ),
        Figure(
            "memory",
            "idle node, sum of PSS",
            sum(use.pss for use in uses.values()) / MEGABYTE,
            "MB",
        ),
        Figure("memory", "idle node, processor", share, "% of a core", at_most=TARGET_CORE),
    ]
    figures += [
        Figure(
            "memory",
            f"{name}{f' ×{use.processes}' if use.processes > 1 else ''}",
            use.rss / MEGABYTE,
            "MB RSS",
            detail={"pss_kib": use.pss},
        )
        for name, use in rows
        if use.rss > 2 * MEGABYTE
    ]
    return figures
