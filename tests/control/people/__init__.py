"""Tests of the app `people`."""
