"""Where each speech sound wants the face to be: targets and dominances for the oracle teacher.

Targets are ARKit units (0 rest, 1 full), set by hand for this project from articulatory phonetics: place of
articulation gives tongue and lips, vowel height gives the jaw, rounding gives funnel and pucker. Dominance says
how strongly a sound insists on its target against its neighbours (Cohen and Massaro, "Modeling coarticulation
in synthetic visual speech", 1993): /s/ insists on a nearly closed jaw, /k/ hardly cares about the lips.
"""

from __future__ import annotations

from dataclasses import dataclass, field

GESTURES: tuple[str, ...] = (
    "jawOpen", "jawForward", "mouthFunnel", "mouthPucker", "mouthSmile", "mouthStretch", "mouthRollLower",
    "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthLowerDown", "mouthUpperUp", "mouthDimple",
    "cheekPuff", "cheekSquint", "noseSneer", "tongueOut",
)  # fmt: skip
"""Movements that the oracle mixes; those with a left and a right side drive both alike."""

JAW = ("jawOpen", "jawForward")
ROUNDING = ("mouthFunnel", "mouthPucker")
TONGUE = ("tongueOut",)


@dataclass(frozen=True)
class Target:
    """What one sound asks for.

    Attributes
    ----------
    pose
        Gesture -> value; a gesture that is absent is asked to be at rest.
    jaw, lips, rounding, tongue
        Dominance (0..1) over those groups of gestures; `lips` covers every gesture not in another group.
    seal
        How hard both lips press together: 0 none, above 0 the lips must meet (p, b, m).
    bite
        How far the lower lip goes under the upper teeth: above 0 it must touch them (f, v).
    """

    pose: dict[str, float] = field(default_factory=dict)
    jaw: float = 0.6
    lips: float = 0.6
    rounding: float = 0.6
    tongue: float = 1.0
    seal: float = 0.0
    bite: float = 0.0

    def dominance(self, gesture: str) -> float:
        """Dominance over `gesture`."""
        if gesture in JAW:
            return self.jaw
        if gesture in ROUNDING:
            return self.rounding
        return self.tongue if gesture in TONGUE else self.lips


def _pose(jaw: float = 0.0, **gestures: float) -> dict[str, float]:
    short = {
        "funnel": "mouthFunnel",
        "pucker": "mouthPucker",
        "smile": "mouthSmile",
        "stretch": "mouthStretch",
        "lower_down": "mouthLowerDown",
        "upper_up": "mouthUpperUp",
        "roll_lower": "mouthRollLower",
        "roll_upper": "mouthRollUpper",
        "shrug_lower": "mouthShrugLower",
        "shrug_upper": "mouthShrugUpper",
        "dimple": "mouthDimple",
        "puff": "cheekPuff",
        "squint": "cheekSquint",
        "sneer": "noseSneer",
        "tongue": "tongueOut",
        "forward": "jawForward",
    }
    return {"jawOpen": jaw} | {short[name]: value for name, value in gestures.items()}


def _vowel(jaw: float, **gestures: float) -> Target:
    return Target(_pose(jaw, **gestures), jaw=0.9, lips=0.8, rounding=0.9)


def _alveolar(jaw: float = 0.14, **gestures: float) -> Target:
    return Target(_pose(jaw, **{"lower_down": 0.14} | gestures), jaw=0.55, lips=0.3, rounding=0.15)


def _velar(jaw: float = 0.22) -> Target:
    return Target(_pose(jaw, lower_down=0.12), jaw=0.3, lips=0.15, rounding=0.1)


def _bilabial(seal: float, puff: float = 0.0) -> Target:
    pose = _pose(0.10, roll_lower=0.22, roll_upper=0.18, shrug_lower=0.10, shrug_upper=0.10, puff=puff)
    return Target(pose, jaw=0.7, lips=0.95, rounding=0.35, seal=seal)


def _labiodental(upper_up: float) -> Target:
    pose = _pose(0.09, roll_lower=0.45, shrug_lower=0.18, upper_up=upper_up, sneer=0.05)
    return Target(pose, jaw=0.8, lips=0.95, rounding=0.4, bite=1.0)


def _sibilant(jaw: float, stretch: float) -> Target:
    pose = _pose(jaw, stretch=stretch, smile=0.10, lower_down=0.24, upper_up=0.14)
    return Target(pose, jaw=0.95, lips=0.55, rounding=0.25)


def _postalveolar(jaw: float = 0.10) -> Target:
    pose = _pose(jaw, funnel=0.50, pucker=0.18, lower_down=0.22, upper_up=0.16, forward=0.10)
    return Target(pose, jaw=0.85, lips=0.6, rounding=0.75)


REST = Target({}, jaw=0.9, lips=0.9, rounding=0.9)

TARGETS: dict[str, Target] = {
    "SIL": REST,
    "AA": _vowel(0.62, lower_down=0.26, upper_up=0.10),
    "AE": _vowel(0.54, stretch=0.26, smile=0.14, lower_down=0.30, upper_up=0.16, squint=0.05),
    "AH": _vowel(0.40, lower_down=0.20, upper_up=0.08),
    "AO": _vowel(0.50, funnel=0.46, pucker=0.18, lower_down=0.16),
    "EH": _vowel(0.42, stretch=0.22, smile=0.12, lower_down=0.26, upper_up=0.10),
    "ER": _vowel(0.26, funnel=0.32, pucker=0.18, lower_down=0.12),
    "IH": _vowel(0.26, stretch=0.20, smile=0.14, lower_down=0.20, upper_up=0.06),
    "IY": _vowel(0.16, stretch=0.30, smile=0.34, lower_down=0.22, upper_up=0.10, dimple=0.12, squint=0.06),
    "UH": _vowel(0.24, funnel=0.30, pucker=0.38),
    "UW": _vowel(0.15, funnel=0.30, pucker=0.66),
    "OH": _vowel(0.36, funnel=0.46, pucker=0.36),
    "UX": _vowel(0.15, funnel=0.32, pucker=0.58, forward=0.04),
    "OE": _vowel(0.30, funnel=0.46, pucker=0.34),
    "IX": _vowel(0.20, stretch=0.12, lower_down=0.16),
    "P": _bilabial(1.0, puff=0.08),
    "B": _bilabial(0.9, puff=0.06),
    "M": _bilabial(0.75),
    "BH": Target(_pose(0.14, shrug_lower=0.06), jaw=0.5, lips=0.6, rounding=0.2),
    "F": _labiodental(0.26),
    "V": _labiodental(0.20),
    "W": Target(_pose(0.12, funnel=0.34, pucker=0.76), jaw=0.7, lips=0.8, rounding=1.0),
    "TH": Target(_pose(0.20, lower_down=0.22, upper_up=0.10, tongue=0.26), jaw=0.7, lips=0.5, rounding=0.2),
    "DH": Target(_pose(0.20, lower_down=0.20, upper_up=0.08, tongue=0.22), jaw=0.6, lips=0.4, rounding=0.2),
    "T": _alveolar(0.12),
    "D": _alveolar(0.14),
    "N": _alveolar(0.16),
    "L": _alveolar(0.22, lower_down=0.18, tongue=0.04),
    "S": _sibilant(0.06, 0.2),
    "Z": _sibilant(0.07, 0.18),
    "SH": _postalveolar(),
    "ZH": _postalveolar(),
    "CH": _postalveolar(0.08),
    "JH": _postalveolar(0.10),
    "K": _velar(),
    "G": _velar(),
    "NG": _velar(0.20),
    "X": _velar(0.24),
    "HH": Target(_pose(0.24, lower_down=0.10), jaw=0.2, lips=0.1, rounding=0.05),
    "R": Target(_pose(0.16, funnel=0.38, pucker=0.28, lower_down=0.08), jaw=0.55, lips=0.5, rounding=0.7),
    "Y": Target(_pose(0.14, smile=0.24, stretch=0.20, lower_down=0.14), jaw=0.5, lips=0.5, rounding=0.4),
}  # fmt: skip
"""The sounds of facelite's inventory that have one target."""

DIPHTHONGS: dict[str, tuple[str, str]] = {
    "AW": ("AA", "UH"),
    "AY": ("AA", "IH"),
    "EY": ("EH", "IY"),
    "OW": ("OH", "UW"),
    "OY": ("AO", "IH"),
}
"""The sounds that move from one target to another; the first takes `DIPHTHONG_SHARE` of the time."""

DIPHTHONG_SHARE = 0.6

BILABIALS = frozenset({"P", "B", "M"})
LABIODENTALS = frozenset({"F", "V"})
BILABIAL_STOPS = frozenset({"P", "B"})
