"""The panel in a real browser, over a node in the lab."""
