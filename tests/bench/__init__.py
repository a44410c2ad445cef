"""The benchmarks themselves: that what they count is what happened."""
