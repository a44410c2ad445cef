"""An internet in a box: network namespaces with a DNS root, a foreign mail host, clients and nodes.

`python -m lab up` builds one, `python -m lab down` removes it; `lab.internet.Lab` is the same for
tests and benchmarks. Everything a lab makes carries its number, so that several can exist side by
side, and lives in address ranges that no network uses (RFC 2544, RFC 5180).
"""
