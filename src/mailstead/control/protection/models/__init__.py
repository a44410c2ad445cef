"""What is known of cases and of blocked log-ins."""

from mailstead.control.protection.models.blocks import BlockLift, LoginBlock
from mailstead.control.protection.models.cases import Case, GuardWord, KeptMessage

__all__ = ["BlockLift", "Case", "GuardWord", "KeptMessage", "LoginBlock"]
