"""The change feed of each server: its head, its revisions, and the events already recorded."""

from __future__ import annotations

from django.db import models


class FeedHead(models.Model):
    """Where the feed of one server stands. A writing transaction locks this row first."""

    server = models.CharField(max_length=63, primary_key=True)
    revision = models.BigIntegerField(default=0)
    """The newest revision number."""
    floor = models.BigIntegerField(default=0)
    """The newest number that compaction has removed; a node behind it takes a snapshot."""
    acked = models.BigIntegerField(default=0)
    """The revision that the node last said it answers as of."""
    acked_at = models.DateTimeField(null=True)
    last_seen = models.DateTimeField(null=True)
    """When the node last asked for changes, to within half a minute."""
    failed_revision = models.BigIntegerField(null=True)
    failed_words = models.CharField(max_length=1000, blank=True)
    """Why the node cannot apply `failed_revision`; empty when all is well."""
    events_lost = models.BigIntegerField(default=0)
    """Events that the node had to drop while the control plane was away."""

    def __str__(self) -> str:
        return f"{self.server}@{self.revision}"


class FeedRow(models.Model):
    """One revision: a change of `wire.changes` as JSON."""

    server = models.CharField(max_length=63)
    number = models.BigIntegerField()
    payload = models.TextField()
    created = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["server", "number"], name="feed_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.server}#{self.number}"


class RecordedEvent(models.Model):
    """The id of an event that has been recorded, so that a batch sent twice counts once."""

    event = models.CharField(max_length=100, primary_key=True)
    server = models.CharField(max_length=63)
    recorded = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.event


class Order(models.Model):
    """Something that a node is asked to do or to look up: `wire.orders` down, its answer up."""

    server = models.CharField(max_length=63)
    kind = models.CharField(max_length=30)
    key = models.CharField(max_length=320, blank=True)
    """What it is about, an address for instance: the newest answer of a key can be asked for."""
    payload = models.TextField()
    asked_by = models.CharField(max_length=280)
    asked_at = models.DateTimeField(db_index=True)
    answered_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)
    words = models.CharField(max_length=1000, blank=True)
    """Why the node could not do it; empty: it could, or has not answered yet."""

    class Meta:
        indexes = [
            models.Index(fields=["server", "answered_at", "id"], name="order_open"),
            models.Index(fields=["server", "kind", "key", "-id"], name="order_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} for {self.server}"


class NodeSample(models.Model):
    """What a node counted in one minute, for the charts."""

    server = models.CharField(max_length=63)
    at = models.DateTimeField()
    figures = models.JSONField()
    """Name to number, `wire.events.NodeSeen`."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["server", "at"], name="node_sample_once"),
        ]

    def __str__(self) -> str:
        return f"{self.server} at {self.at}"
