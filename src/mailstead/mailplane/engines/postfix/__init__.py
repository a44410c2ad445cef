"""Postfix 3.7: SMTP in, submission, queue, delivery."""
