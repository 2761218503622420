"""Quantised graph -> `student.c` and `student.h`: a student as one C file that needs no loader and no library.

The same integers as in the blob, as constant arrays, and the streaming engine around them as plain loops: it is meant
for platforms that the kernel was never built for, to be read, and to be compiled with a game's own flags.
"""

from __future__ import annotations

from .source import identifier, pack

__all__ = ["identifier", "pack"]
