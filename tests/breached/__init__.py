"""Passwords known from leaks: lists, the build, the index."""
