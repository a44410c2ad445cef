"""The field's words as values and parsers: imports nothing of ours, opens no socket."""
