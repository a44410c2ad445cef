"""Tests of the app `feed`."""
