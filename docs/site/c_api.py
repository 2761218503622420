"""The C API as a page, from the header: each comment above a declaration becomes that declaration's text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COMMENT = re.compile(r"/\*(?P<text>.*?)\*/\n", re.DOTALL)
FUNCTION = re.compile(r"\b(facelite_\w+)\(")
TYPE = re.compile(r"\}\s*(facelite_\w+);|struct \w+ (facelite_\w+);|\(\*(facelite_\w+)\)|#define (FACELITE_\w+)")
PARAMETER = re.compile(r"(?P<name>[a-z]\w*): (?P<rest>.*)")
NAME = re.compile(r"(?<![\w`])(facelite_\w+|FACELITE_\w+|info\.\w+)")


@dataclass(frozen=True)
class Item:
    """One or more declarations that share a comment.

    Attributes
    ----------
    names
        What they declare.
    text
        The comment; empty if there is none.
    code
        The declarations, as in the header.
    """

    names: tuple[str, ...]
    text: str
    code: str


def page(headers: list[Path]) -> str:
    """The reference of `headers`, in Markdown."""
    sections = ["# C API", "Every public function, from the headers themselves. The [examples](engines.md) use them."]
    for header in headers:
        introduction, items = read(header.read_text())
        known = {name for item in items for name in item.names}
        title, _, rest = introduction.strip().partition("\n")
        sections += [f"## {header.name}", _inline(title, known), _prose(rest, known)]
        for item in items:
            sections += [_heading(item.names), f"```c\n{item.code}\n```", _prose(item.text, known)]
    return "\n\n".join(filter(None, sections)) + "\n"


def read(header: str) -> tuple[str, list[Item]]:
    """The comment at a header's top, and what the header declares, in its order."""
    start = COMMENT.match(header)
    if start is None:
        raise ValueError("a header begins with a comment that says what it is for")
    return start["text"], list(_items(header[start.end() :]))


def _items(body: str) -> Iterator[Item]:
    for block in re.split(r"\n\n+", _public(body)):
        comment = COMMENT.match(block)
        code = (block[comment.end() :] if comment else block).replace("FACELITE_API ", "").strip()
        names = FUNCTION.findall(re.sub(r"/\*.*?\*/", "", code))
        types = [name for found in TYPE.findall(code) for name in found if name]
        if names or types:
            yield Item(tuple(dict.fromkeys(types + names)), comment["text"] if comment else "", _aligned(code))


def _public(body: str) -> str:
    """Without the guards and the definition of FACELITE_API."""
    body = re.sub(r"#if defined\(FACELITE_API\).*?\n#endif\n", "", body, count=1, flags=re.DOTALL)
    body = re.sub(r"#ifdef __cplusplus\n.*?#endif\n?", "", body, flags=re.DOTALL)
    return "\n".join(
        line for line in body.splitlines() if not re.match(r"#(ifndef|define FACELITE_\w*H$|include|endif)", line)
    )


def _aligned(code: str) -> str:
    """Continued parameters stand under the first one again, now that FACELITE_API is gone."""
    return re.sub(r"\n {20,}", lambda found: found[0][: -len("FACELITE_API ")], code)


def _heading(names: tuple[str, ...]) -> str:
    """A heading that links to each of the names lead to."""
    anchors = "".join(f'<a id="{name.lower()}"></a>' for name in names[1:])
    return f"### {' · '.join(names)} {{ #{names[0].lower()} }}" + (f"\n\n{anchors}" if anchors else "")


def _prose(comment: str, known: set[str]) -> str:
    """A comment as paragraphs; a line `name: what it is` begins a list item, an indented one is code."""
    lines = [re.sub(r"^\s?\*? ?", "", line).rstrip() for line in comment.strip().splitlines()]
    out: list[str] = []
    kind = ""
    for line in lines:
        before, kind = kind, _kind(line, kind)
        if kind != before:
            out.append("")
        if kind == "code":
            out.append(f"    {line.strip()}")
        elif kind == "list" and (found := PARAMETER.match(line)):
            out.append(f"* `{found['name']}`: {_inline(found['rest'], known)}")
        else:
            out.append(_inline(line, known))
    return "\n".join(out).strip("\n")


def _kind(line: str, before: str) -> str:
    if line.startswith("   "):
        return "code"
    continues = before == "list" and not line[:1].isupper()
    return "list" if PARAMETER.match(line) or continues else "text"


def _inline(line: str, known: set[str]) -> str:
    escaped = re.sub(r"([*\[\]<>])", r"\\\1", line)
    return NAME.sub(lambda found: _reference(found[1], known), escaped)


def _reference(name: str, known: set[str]) -> str:
    return f"[`{name}`](#{name.lower()})" if name in known else f"`{name}`"
