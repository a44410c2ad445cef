"""Benchmarks that print ratios: ours and the baselines take turns in one run on one machine."""
