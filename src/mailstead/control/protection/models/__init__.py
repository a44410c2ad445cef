"""What is known of cases, blocks and breached passwords."""

from mailstead.control.protection.models.cases import Case, GuardWord, KeptMessage

__all__ = ["Case", "GuardWord", "KeptMessage"]
