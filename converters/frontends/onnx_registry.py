"""Which function translates which ONNX operator, and why the others are refused."""

from __future__ import annotations

from collections.abc import Callable

from .onnx_scope import Scope

Translator = Callable[[Scope], None]

TRANSLATORS: dict[str, Translator] = {}

_RECURRENT = ("LSTM", "GRU", "RNN", "Loop", "Scan")
_ATTENTION = ("Attention", "Einsum", "RotaryEmbedding")
_NORMALISATIONS = ("LayerNormalization", "InstanceNormalization", "GroupNormalization", "RMSNormalization", "LpNorm")
_UTTERANCE = "a normalisation by what the window itself holds: no fixed scale stands for it"


def translates(*codes: str) -> Callable[[Translator], Translator]:
    """Registers a function as the translator of these operators."""

    def register(function: Translator) -> Translator:
        for code in codes:
            if code in TRANSLATORS:
                raise ValueError(f"{code} is translated twice")
            TRANSLATORS[code] = function
        return function

    return register


def refusal_of(code: str) -> str:
    """Why an operator without a translator is refused."""
    if "." in code:
        return "an operator of another domain than ONNX's own"
    if any(word in code for word in _RECURRENT):
        return "recurrence, or state kept between calls"
    if "Softmax" in code:
        return "softmax, as in attention: it weighs values by what the window itself holds"
    if any(word in code for word in _ATTENTION):
        return "attention: it looks at the whole window"
    if any(word in code for word in _NORMALISATIONS):
        return _UTTERANCE
    if code == "If":
        return "a branch that is chosen at run time"
    if code in ("Erf", "Gelu", "Exp", "Softplus", "Elu", "Selu", "HardSwish", "HardSigmoid", "Mish", "Swish"):
        return "an activation without an int8 table; ReLU, LeakyReLU, sigmoid and tanh have one"
    if code in ("MaxPool", "GlobalMaxPool", "ReduceMax"):
        return "a maximum; averages over time are supported"
    if code == "Concat":
        return "joins tensors; residual adds are supported"
    return "not an operator of a student"
