"""Mailstead: everything one person needs to run an email hosting company."""

__version__ = "0.1.0"
