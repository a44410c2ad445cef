"""Jobs: long tasks with progress, done in steps by the worker (docs/decisions/0018)."""

from __future__ import annotations

from django.db import models


class State(models.TextChoices):
    """Where a job stands; `stopped` may be resumed, `failed` too."""

    WAITING = "waiting"
    RUNNING = "running"
    STOPPED = "stopped"
    DONE = "done"
    FAILED = "failed"


class Job(models.Model):
    """One long task; its handler does a step, says how far it is, and is called again."""

    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    customer = models.BigIntegerField(null=True, db_index=True)
    """Whose it is; None: the company's own."""
    actor = models.JSONField()
    """In whose name it works, as `Actor` writes itself."""
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    stop_asked = models.BooleanField(default=False)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    payload = models.JSONField(default=dict)
    """What is to be done; never a password in clear."""
    result = models.JSONField(default=dict)
    """What came of it so far: refused rows, counts."""
    words = models.CharField(max_length=1000, blank=True)
    """Why it failed."""
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True)
    """When its worker last said that it lives; an old one is taken over."""

    kept: object = None
    """What its handler keeps from one step of a turn to the next; not stored."""

    class Meta:
        indexes = [models.Index(fields=["state", "id"], name="job_by_state")]

    def __str__(self) -> str:
        return f"{self.title} ({self.state})"
