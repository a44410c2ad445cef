"""Passwords known from leaks: one file that says of a SHA-1 whether its password is public.

`build` makes the file out of lists, `index` answers from it; both planes may ask. No plain text and
no whole hash is in it: a binary fuse filter keeps 16 bits of each. It never misses a hash that was
put in, and takes one in 65,536 others for one.
"""
