"""Tests; they mirror src/, and what needs the lab is beside them."""
