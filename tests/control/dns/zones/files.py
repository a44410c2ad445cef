"""A zone file such as an operator imports."""

ZONE = """$ORIGIN old.example.
$TTL 3600
@ IN SOA ns1.host.example. hostmaster.host.example. 2019010101 3600 600 604800 300
@ IN NS ns1.host.example.
@ IN NS ns2.host.example.
@ IN A 192.0.2.80
@ IN MX 10 mx.host.example.
@ 600 IN TXT "v=spf1 mx ~all"
www 300 IN CNAME old.example.
_sip._tcp IN SRV 10 20 5060 sip.old.example.
@ IN CAA 0 issue "ca.example"
loc IN LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m
"""
