"""Tests of the app `jobs`."""
