"""A student measured where it will run: copied there, every bit checked, then timed."""

from .measure import Plan, profile
from .results import load, rows

__all__ = ["Plan", "load", "profile", "rows"]
