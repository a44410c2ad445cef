"""Settings of the property tests of parsers."""

from __future__ import annotations

from hypothesis import settings

# A deadline for each example measures how busy the machine is; what a parser may cost on hostile
# input has tests of its own, which count the time of the processor.
settings.register_profile("standards", deadline=None)
settings.load_profile("standards")
