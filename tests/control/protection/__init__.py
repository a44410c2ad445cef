"""Tests of the app `protection`."""
