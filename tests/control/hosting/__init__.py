"""Tests of the app `hosting`."""
