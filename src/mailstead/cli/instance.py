"""`mailstead up`, `down`, `status`, `doctor`: the instance as a whole."""

from __future__ import annotations

from typing import Annotated

import typer

from mailstead.cli import demo
from mailstead.cli.session import AWAY, OK, PARTLY, SESSION, shown
from mailstead.config import Settings
from mailstead.home import Home
from mailstead.mailplane.node import bringup, doctor, logs, renewal, supervise
from mailstead.mailplane.node.lock import one_at_a_time
from mailstead.mailplane.node.ports import needed
from mailstead.standards.refusal import Refusal

_TROUBLES = 5
"""Lines of trouble that `status` prints."""


def up(
    port_offset: Annotated[
        int | None, typer.Option("--port-offset", help="Add this to every port.")
    ] = None,
    hostname: Annotated[str, typer.Option("--hostname", help="This host's full name.")] = "",
    demo_wanted: Annotated[
        bool, typer.Option("--demo/--no-demo", help="Make demo mailboxes and prove the host.")
    ] = True,
) -> None:
    """Start the mail host, and prove it with a message sent and read back."""
    bringup.refuse_without_root()
    root = SESSION.home
    settings = bringup.ensure_settings(root, offset=port_offset, hostname=hostname)
    with one_at_a_time(root):
        changed = _bring_up(settings)
    proved = demo.prove(settings, SESSION) if demo_wanted and settings.control == "here" else None
    changed = changed or (proved is not None and proved.made)
    row: dict[str, object] = {
        "home": str(root),
        "hostname": settings.hostname,
        "ports": needed(settings),
        "changed": changed,
    }
    if SESSION.json:
        accounts = {a.address: a.password for a in proved.accounts} if proved else {}
        SESSION.print_row(row | {"accounts": accounts})
        return
    _print_end(settings, changed, proved)
    if settings.control == "here":
        _print_panel()


def _bring_up(settings: Settings) -> bool:
    home = Home(settings.home)
    engines = bringup.prepare(settings, SESSION.say)
    migrated = settings.control == "here" and _prepare_control(settings)
    started = supervise.start(settings, home, SESSION.say)
    renewed: list[str] = []
    if not started:
        bringup.restart_engines(engines, home, SESSION.say)
        renewed = renewal.renew(home, SESSION.say)
        if engines or renewed:
            supervise.start(settings, home, lambda _: None)
    renewal.remember(home)
    return bool(started or engines or renewed or migrated)


def _prepare_control(settings: Settings) -> bool:
    SESSION.control()
    from mailstead.control.hosting import queries, services
    from mailstead.control.project.bootstrap import collect_static, migrate

    migrated = migrate()
    if migrated:
        SESSION.say("Brought the database to this version")
    if collect_static():
        SESSION.say("Laid out the panel's static files")
        migrated = True
    actor = SESSION.actor()
    from mailstead.cli.session import now

    if not queries.servers(actor).filter(name=settings.server).exists():
        services.create_server(
            actor=actor, now=now(), name=settings.server, hostname=settings.hostname
        )
        migrated = True
    bringup.adopt_control_files(Home(settings.home))
    return migrated


def _operator_link() -> str:
    """The link by which the first operator makes a log-in; empty when there is one."""
    from mailstead.cli.session import now
    from mailstead.control.people import queries, services

    if queries.has_operator():
        return ""
    return services.invitation_link(actor=SESSION.actor(), now=now(), role="operator")


def _print_panel() -> None:
    from django.conf import settings

    print(f"\nThe panel: {settings.PANEL_ORIGIN}/")
    link = _operator_link()
    if link:
        print(f"Make your own log-in as the operator (the link is good for 7 days):\n  {link}")


def _print_end(settings: Settings, changed: bool, proved: demo.Proof | None) -> None:
    if not changed:
        print("Nothing to change: everything runs already.")
    if proved:
        figures = proved.figures
        print(
            f"Proved: a message with an attachment of {figures.octets} bytes was accepted in "
            f"{figures.accepted:.2f} s and read back over IMAP and POP3 {figures.arrived:.2f} s "
            "later."
        )
    print(f"\n{'host':<12}{settings.hostname}\n{'home':<12}{settings.home}")
    for name, port in needed(settings).items():
        if name not in ("reinject", "resolver"):
            print(f"{name:<12}{port}")
    if settings.hostname.endswith(".invalid"):
        print(
            "\nThis machine has no real name yet; mail to the world needs one: set 'hostname' in\n"
            f"{settings.home}/mailstead.toml and run the command again."
        )
    if proved:
        print("\nLog in with any mail client:")
        for account in proved.accounts:
            print(f"  {account.address}  {account.password}")


def down() -> None:
    """Stop every process of the instance."""
    bringup.refuse_without_root()
    settings = SESSION.settings()
    with one_at_a_time(SESSION.home):
        stopped = supervise.stop(Home(settings.home), SESSION.say)
    words = "All processes are stopped." if stopped else "Nothing was running."
    SESSION.done(words, {"stopped": stopped})


def status() -> int:
    """Show processes, the directory's revision and lag, the queue, trouble in the logs."""
    settings = SESSION.settings()
    home = Home(settings.home)
    processes = supervise.status(home)
    row: dict[str, object] = {
        "processes": [
            {"name": p.name, "state": p.state, "pid": p.pid, "seconds": p.seconds}
            for p in processes
        ],
        "ports": needed(settings),
    }
    row |= _feed_row(settings) if settings.control == "here" else {}
    from mailstead.mailplane.engines.postfix import control as postfix

    if processes:
        row["queue"] = len(postfix.queue(home))
        row["troubles"] = [f"{name}: {line}" for name, line in logs.troubles(home)]
    _print_status(row)
    all_up = bool(processes) and all(p.state == "RUNNING" for p in processes)
    return OK if all_up else AWAY


def _feed_row(settings: Settings) -> dict[str, object]:
    SESSION.control()
    from mailstead.control.feed import queries as feed

    head = feed.head(settings.server)
    if head is None:
        return {}
    return {
        "revision": head.revision,
        "applied": head.acked,
        "lag": head.revision - head.acked,
        "failure": head.failed_words,
    }


def _print_status(row: dict[str, object]) -> None:
    if SESSION.json:
        SESSION.print_row(row)
        return
    processes = row["processes"]
    assert isinstance(processes, list)
    if not processes:
        print("The instance does not run; 'mailstead up' starts it.")
    for process in processes:
        print(
            f"{process['name']:<9} {process['state']:<9} pid {process['pid']:<8} "
            f"{process['seconds']} s"
        )
    for name in ("revision", "applied", "lag", "failure", "queue"):
        if name in row:
            print(f"{name:<9} {shown(row[name])}")
    troubles = row.get("troubles", [])
    assert isinstance(troubles, list)
    if troubles:
        print(f"\n{len(troubles)} lines of trouble in the engines' logs, the last of them:")
        for line in troubles[-_TROUBLES:]:
            print(f"  {shown(line)}")


def examine(
    mend: Annotated[bool, typer.Option("--mend", help="Mend what can be mended.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before each mend.")] = False,
) -> int:
    """Check whether this machine is fit to host mail, and offer the mend."""
    context = doctor.Context(home=Home(SESSION.home), settings=_settings_if_any())
    rows = []
    worst = OK
    for name, check in doctor.checks().items():
        finding = check.check(context)
        if mend and finding.mendable and (yes or _agreed(finding)):
            check.mend(context)
            finding = check.check(context)
        worst = max(worst, OK if finding.state == "ok" else PARTLY)
        rows.append({"check": name, "state": finding.state, "words": finding.words})
        rows[-1]["remedy"] = finding.remedy + (
            " ('mailstead doctor --mend' does it.)" if finding.mendable else ""
        )
    if SESSION.json:
        SESSION.print_rows(rows)
        return worst
    for row in rows:
        print(f"{row['state'].upper():<5} {row['check']:<16} {row['words']}")
        if row["state"] != "ok" and row["remedy"].strip():
            print(f"{'':<23}{row['remedy']}")
    return worst


def _agreed(finding: doctor.Finding) -> bool:
    return typer.confirm(f"{finding.words} {finding.remedy} Do it now?")


def _settings_if_any() -> Settings:
    try:
        return SESSION.settings()
    except Refusal as refusal:
        if refusal.code != "settings-missing":
            raise
        return Settings(home=SESSION.home)


def register(app: typer.Typer) -> None:
    """Put the commands into the app."""
    app.command("up")(up)
    app.command("down")(down)
    app.command("status")(status)
    app.command("doctor")(examine)
