"""Mailboxes that look stolen, what is held for it, and the way back."""
