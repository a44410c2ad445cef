"""DNS zones that are served here for those who still have them here; nobody new gets one.

`text` reads and writes zone files and judges records, `services` changes them, `delegation` finds
out whose zones the world still asks us for (docs/decisions/0033).
"""
