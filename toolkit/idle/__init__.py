"""What a face does besides speech: nothing on noise (the gate), and blinks, looks and brows of its own (idle life)."""

from .clip import animate, check_lively
from .gate import Gate, load_gate
from .life import Life

__all__ = ["Gate", "Life", "animate", "check_lively", "load_gate"]
