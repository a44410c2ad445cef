"""Copies of mail into mailboxes of this node, for moves."""
