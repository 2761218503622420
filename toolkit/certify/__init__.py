"""The lookahead certificate: proof that no frame hears audio later than the student says it does.

>>> from facelite.certify import certify
>>> certify("out/", {"hello": pcm})["holds"]
"""

from .certificate import certify
from .context import Context, context
from .examine import examine

__all__ = ["Context", "certify", "context", "examine"]
