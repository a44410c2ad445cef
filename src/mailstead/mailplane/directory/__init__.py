"""The compiled answers that the engines of one node read."""
