"""What would fit: a student of the same kind, narrower or with less history, held against the same limits.

A candidate is the bundle's own graph cut down, packed and asked for its sizes by the same C function as any student.
How well it would speak is not known before it is trained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from facelite.errors import BadInput
from facelite.graph import Conv, Graph, Op

from .evidence import Evidence
from .schema import CrowdShare, Profile
from .validate import Verdict, validate

STEPS = 16
"""Widths and windows are tried in sixteenths."""

CUT = ("weights", "model_file", "state", "scratch", "memory", "hop", "characters")
"""Limits that a smaller network can meet."""


def propose(bundle: str | Path, known: Evidence, verdict: Verdict, target: Profile) -> list[str]:
    """One line for each change that would mend what is broken; each is enough by itself for the limits it names.

    Parameters
    ----------
    bundle
        Folder: a blob alone does not hold the graph.
    known
        What `verdict` is about.
    verdict
        With broken limits.
    target
        The profile that it was held against.

    Raises
    ------
    BadInput
        `bundle` is no folder of a whole bundle.
    """
    broken = [check.key for check in verdict.broken]
    found = [*_characters(verdict, target), *_audio(known, verdict)]
    if wanted := [key for key in CUT if key in broken]:
        found += _cuts(bundle, known, target, wanted)
    if "code" in broken:
        found.append("code does not depend on the student: leave out tiers that the target cannot run")
    return found


def narrower(graph: Graph, sixteenths: int) -> Graph:
    """The same layers with that share of the hidden channels, in fours; weights keep what their layer promises."""
    last = len(graph.ops)
    widths = [
        tensor.channels if index in (0, last) else max(4, round(tensor.channels * sixteenths / STEPS / 4) * 4)
        for index, tensor in enumerate(graph.tensors)
    ]
    tensors = tuple(replace(tensor, channels=width) for tensor, width in zip(graph.tensors, widths, strict=True))
    ops = tuple(_cut_channels(op, widths[op.input], widths[index + 1]) for index, op in enumerate(graph.ops))
    return replace(graph, tensors=tensors, ops=ops)


def shorter(graph: Graph, sixteenths: int) -> Graph:
    """The same layers, but that the one with the longest memory hears that share of its frames, the newest."""
    convs = [op for op in graph.ops if isinstance(op, Conv)]
    longest = max(convs, key=lambda op: op.kernel * op.dilation * graph.tensors[op.input].stride)
    kernel = max(1, longest.kernel * sixteenths // STEPS)
    lost = (longest.kernel - kernel) * longest.dilation * graph.tensors[longest.input].stride
    kept = replace(longest, weight=longest.weight[:, longest.kernel - kernel :])
    ops = tuple(kept if op is longest else op for op in graph.ops)
    return replace(graph, ops=ops, window=graph.window - lost)


def _cut_channels(op: Op, inputs: int, outputs: int) -> Op:
    return _cut_conv(op, inputs, outputs) if isinstance(op, Conv) else op


def _cut_conv(op: Conv, inputs: int, outputs: int) -> Conv:
    """Halved weights keep any promise about pairs; those of a layer that makes none are left as they are."""
    from facelite.converters.backends.blob import pair_safe

    weight = op.weight[:outputs, :, :inputs]
    scale = None if op.weight_scale is None else op.weight_scale[:outputs]
    return replace(
        op, weight=weight // 2 if pair_safe(op.weight) else weight, bias=op.bias[:outputs], weight_scale=scale
    )


def _cuts(bundle: str | Path, known: Evidence, profile: Profile, wanted: list[str]) -> Iterable[str]:
    from facelite.converters.bundle import load_graph

    if not Path(bundle).is_dir():
        raise BadInput(bundle, "is a blob alone", "--fit wants the bundle's folder")
    graph = load_graph(bundle)
    names = ", ".join(wanted)
    if best := _largest(lambda part: narrower(graph, part), known, profile, wanted):
        yield f"fewer channels: {best}/{STEPS} of each layer's ({_widths(narrower(graph, best))}) would meet {names}"
    else:
        yield f"fewer channels: not even 1/{STEPS} of them would meet {names}"
    if best := _largest(lambda part: shorter(graph, part), known, profile, wanted):
        window, whole = (1000 * one.window / graph.sample_rate for one in (shorter(graph, best), graph))
        yield f"shorter window: {window:.0f} ms instead of {whole:.0f} would meet {names}"


def _largest(cut: Callable[[int], Graph], known: Evidence, profile: Profile, wanted: list[str]) -> int:
    """The largest share, in sixteenths, that meets the limits; 0 when none does. Limits grow with the share."""
    low, high = 0, STEPS
    while high - low > 1:
        middle = (low + high) // 2
        if _meets(cut(middle), known, profile, wanted):
            low = middle
        else:
            high = middle
    return low


def _meets(graph: Graph, known: Evidence, profile: Profile, wanted: list[str]) -> bool:
    from facelite.converters.backends.blob import pack
    from facelite.student import Student

    verdict = validate(replace(known, student=Student(pack(graph)), certificate=None), profile)
    return not {check.key for check in verdict.broken} & set(wanted)


def _widths(graph: Graph) -> str:
    return ", ".join(str(op.out_channels) for op in graph.ops[:-1] if isinstance(op, Conv))


def _characters(verdict: Verdict, profile: Profile) -> Iterable[str]:
    limit = profile.limits.characters
    for check in verdict.broken:
        if check.key == "characters" and isinstance(limit, CrowdShare) and isinstance(check.value, float):
            count = int(limit.count * limit.base / check.value)
            if count > 0:
                yield f"fewer characters: {count} instead of {limit.count} would meet characters"


def _audio(known: Evidence, verdict: Verdict) -> Iterable[str]:
    """Lookahead is the student's own choice; smoothing costs one hop."""
    over = [check for check in verdict.broken if check.key in ("future_audio", "latency")]
    if not over:
        return
    student = known.student
    excess = max(float(check.value) - float(check.limit) for check in over)
    hop_ms = 1000 * student.hop / student.sample_rate
    names = ", ".join(check.key for check in over)
    if student.info.smoothing and excess <= hop_ms:
        yield f"smoothing off: {hop_ms:g} ms less would meet {names}"
    left = 1000 * student.lookahead / student.sample_rate - excess
    if left >= 0:
        yield f"less lookahead: train with at most {int(left)} ms to meet {names}"
    else:
        yield f"less lookahead: not even none of it would meet {names}"
