"""Fills the two C templates from a graph."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from facelite import companding
from facelite.errors import BadInput
from facelite.graph import Graph
from facelite.requantise import quant_of
from numpy.typing import NDArray

from ..hop import HopPlan, rest
from .layers import Array, Layer, Memory, floating, layers

_TEMPLATES = Path(__file__).parent / "templates"
_WIDTH = 116
"""Characters of a line of numbers, before its indent."""


def pack(graph: Graph) -> tuple[bytes, bytes]:
    """The text of `student.c` and of `student.h`.

    Parameters
    ----------
    graph
        int8, with mu-law codes as its input.

    Raises
    ------
    BadInput
        The graph is float, has another input, or its integers do not fit those that the kernel computes with.
    """
    if not graph.quantised:
        raise BadInput(graph.name, "the graph is float", "quantise it first")
    companding.check(graph.companding, graph.name)
    values = _values(graph)
    environment = _environment()
    texts = (environment.get_template(f"student.{suffix}.jinja").render(values) for suffix in ("c", "h"))
    source, header = (text.encode() for text in texts)
    return source, header


def identifier(name: str) -> str:
    """A C identifier, nearest to a student's name, that the names of its functions begin with."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
    return plain if re.match("[A-Za-z]", plain) else f"student_{plain}".rstrip("_")


def _values(graph: Graph) -> dict[str, Any]:
    plan = HopPlan.of(graph)
    memory = Memory(plan)
    made = layers(graph, memory)
    prefix, output = identifier(graph.name), quant_of(graph, len(graph.ops))
    kept = [index for index, frames in enumerate(plan.history) if frames]
    # Hops end where lookahead does: silence stands in for the samples before the first one.
    hops = max(1, -(-graph.lookahead // graph.hop))
    return {
        "graph": graph,
        "p": prefix,
        "P": prefix.upper(),
        "name": _comment(graph.name),
        "layers": made,
        "uses": {layer.function for layer in made},
        "fixed": any(layer.function == "conv" and not floating(layer) for layer in made),
        "floating": any(map(floating, made)),
        "thresholds": Array("thresholds", "uint16_t", companding.thresholds(graph.companding)),
        "rest": Array("rest", "int8_t", np.concatenate([rest(graph)[index] for index in kept])) if kept else None,
        "tensors": [_kept(memory, index) for index in kept],
        "history_bytes": max(1, plan.state_bytes),
        "work_bytes": memory.work[-1],
        "codes": memory.new(0),
        "frame": memory.new(len(graph.ops)),
        "first_skip": hops - 1,
        "first_waiting": hops * graph.hop - graph.lookahead,
        "scale": _float(output.scale),
        "zero_point": output.zero_point,
    }


def _kept(memory: Memory, index: int) -> dict[str, int]:
    """Where a tensor's history lies, and from where in work it is renewed."""
    return {
        "state": memory.state[index],
        "work": memory.work[index],
        "newest": memory.work[index] + memory.new_bytes(index),
        "frames": memory.plan.history[index],
        "channels": memory.plan.graph.tensors[index].channels,
        "bytes": memory.kept_bytes(index),
    }


def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=False,  # C, not HTML; every name from outside passes _comment or _literal
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"array": _array, "comment": _comment, "literal": _literal, "struct": _struct}
    return made


def _array(array: Array) -> str:
    """A whole definition."""
    values = array.values.ravel()
    numbers = _numbers([value.hex() for value in values.tolist()] if array.kind == "double" else _decimal(values))
    return f"static const {array.kind} {array.name}[{values.size}] = {{\n{numbers}\n}};"


def _decimal(values: NDArray) -> list[str]:
    # C's -2147483648 is minus an unsigned number.
    return [str(value) if value > -(2**31) else "INT32_MIN" for value in values.tolist()]


def _numbers(texts: list[str]) -> str:
    lines: list[str] = []
    line: list[str] = []
    length = 0
    for text in texts:
        if length + len(text) + 1 > _WIDTH:
            lines.append(",".join(line) + ",")
            line, length = [], 0
        line.append(text)
        length += len(text) + 1
    lines.append(",".join(line))
    return "\n".join(f"    {text}" for text in lines)


def _struct(layer: Layer, with_scale: bool) -> str:
    """The fields of a layer; the pointer to real scales exists only where some layer has them."""
    fields = list(layer.fields)
    if layer.function == "conv" and not with_scale:
        del fields[4]
    return ", ".join(map(str, fields))


def _comment(text: str) -> str:
    """Text that cannot end a comment or open another."""
    return re.sub(r"[^A-Za-z0-9_./ -]", "_", text)


def _literal(text: str) -> str:
    """A C string literal; a question mark is escaped for the sake of trigraphs."""
    return '"' + re.sub(r'(["\\?])', r"\\\1", text) + '"'


def _float(value: float) -> str:
    return f"{float(np.float32(value)).hex()}f"
