"""What is."""

from mailstead.control.protection.models.blocks import BlockLift, LoginBlock

__all__ = ["BlockLift", "LoginBlock"]
