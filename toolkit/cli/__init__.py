"""The command line: `facelite VERB …`. Each verb is a file of this folder that parses, calls and prints.

Exit codes: 0 the verb's claim holds, 1 a limit is broken, 2 wrong use or bad input (one line on stderr).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from ..errors import FaceliteError, MissingDependency
from ..extras import missing_extra

INTERRUPTED = 130
BROKEN_PIPE = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code; errors that a user can mend become one line on stderr."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's start-up notices would bury our one line
    try:
        from .app import run

        return run(arguments)
    except FaceliteError as error:
        return _fail(str(error))
    except ModuleNotFoundError as error:
        extra = missing_extra(error.name or "")
        if extra is None:
            raise
        step = f"facelite {arguments[0]}" if arguments and not arguments[0].startswith("-") else "the command line"
        return _fail(str(MissingDependency(step, error.name or "", f"pip install 'facelite[{extra}]'")))
    except BrokenPipeError:
        return _abandon_stdout()
    except UnicodeEncodeError as error:
        if not any("\udc80" <= letter <= "\udcff" for letter in error.object):
            raise
        return _fail(f"{error.object[:200]!a}: holds a file name that is not UTF-8; rename the file")
    except OSError as error:
        return _fail(str(error) if error.filename is None else f"{error.filename}: {error.strerror}")
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)


def _fail(text: str, code: int = 2) -> int:
    print(f"facelite: {' '.join(text.split())}", file=sys.stderr)
    return code


def _abandon_stdout() -> int:
    """The reader of our output has gone (`facelite … | head`): let the exit-time flush go nowhere, quietly."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE
