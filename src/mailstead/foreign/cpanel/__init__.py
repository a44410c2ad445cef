"""cPanel: its account archives and its live servers, read into an `Inventory` (`reader`).

The formats are written down from other importers and the vendor's public documentation
(the archive "is not an integration endpoint"), so everything is detected and nothing assumed.
"""
