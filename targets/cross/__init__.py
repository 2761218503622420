"""The C side built for a target: kernel, tools and generated student, by whichever cross compiler is at hand."""

from .build import build

__all__ = ["build"]
