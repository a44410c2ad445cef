"""Exim filters, as cPanel and DirectAdmin write them and as people do: read, and told in Sieve.

`parser` reads the text into the tree of `syntax`; `translate` makes one Sieve script of a
mailbox's filters with an outcome for each rule. The language: Exim's interface to mail filtering;
what it does where its description is silent was measured with `exim -bf` (4.96).
"""
