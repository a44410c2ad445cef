"""The `mailstead` command, one module per noun: parse, call, print."""
