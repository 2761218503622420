"""A head made by code, with ARKit's 52 shapes: what previews show when no other face is given."""

from .head import head
from .mesh import Head

__all__ = ["Head", "head"]
