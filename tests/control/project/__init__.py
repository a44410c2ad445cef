"""Tests of the app `project`."""
