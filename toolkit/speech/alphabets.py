"""The foreign phone alphabets that facelite's sources write, as tables into the inventory of `phones`.

Choices follow lip shape before acoustics. Trilled and tapped r become L, not R: English R is made with rounded
lips, a trill is not. Nasal vowels become their oral ones, palatalised consonants their plain ones.
"""

# ruff: noqa: RUF001 (letters of the phonetic alphabet are meant, look-alikes and all)

from __future__ import annotations

import re
import unicodedata

from .phones import CONSONANTS, INVENTORY, NEUTRAL_CONSONANT, NEUTRAL_VOWEL, SILENCE, VOWELS, Alphabet

Table = dict[str, tuple[str, ...]]

_ARPABET = tuple(phone for phone in (*VOWELS, *CONSONANTS) if phone not in ("UX", "OE", "IX", "X", "BH"))

_VOWEL_LETTERS = frozenset("aeiouyæøœəɚɜɝɐɑɒɔɘɛɤɞɨɪɯɵɶʉʊʌʏɷäöü@AEIOUY689V")


def _neutral(symbol: str) -> tuple[str, ...]:
    return (NEUTRAL_VOWEL if symbol[:1] in _VOWEL_LETTERS else NEUTRAL_CONSONANT,)


def arpabet() -> Alphabet:
    """ARPAbet with or without stress digits, as forced aligners write it."""
    table: Table = {phone: (phone,) for phone in INVENTORY}
    table |= {phone + digit: (phone,) for phone in _ARPABET if phone[0] in "AEIOU" for digit in "012"}
    table |= {"sil": (SILENCE,), "SPN": (SILENCE,), "+SPN+": (SILENCE,), "+NSN+": (SILENCE,), "": (SILENCE,)}
    return Alphabet("ARPAbet", table, _neutral)


def flite() -> Alphabet:
    """Flite's US English phones (the `radio` set of Festival): lower-case ARPAbet with ax and pau."""
    table: Table = {phone.lower(): (phone,) for phone in _ARPABET}
    table |= {"ax": ("AH",), "axr": ("ER",), "pau": (SILENCE,), "brth": (SILENCE,), "h#": (SILENCE,)}
    table |= {"dx": ("D",), "nx": ("N",), "el": ("AH", "L"), "em": ("M",), "en": ("N",)}
    return Alphabet("flite", table, _neutral)


_FESTVOX_RU = {
    "pau": "SIL", "aa": "AA", "a": "AH", "ae": "AH", "ay": "AH", "ee": "EH", "e": "EH", "ii": "IY", "i": "IH",
    "oo": "AO", "uu": "UW", "u": "UH", "ur": "UH", "yy": "IX", "y": "IX", "p": "P", "b": "B", "t": "T", "d": "D",
    "k": "K", "g": "G", "c": "T S", "ch": "CH", "f": "F", "v": "V", "s": "S", "z": "Z", "sh": "SH", "sch": "SH",
    "zh": "ZH", "h": "X", "m": "M", "n": "N", "l": "L", "r": "L", "j": "Y",
}  # fmt: skip
"""Phones of the voice's own phone set file; a doubled letter marks a palatalised consonant."""


def festvox_ru() -> Alphabet:
    """The Russian voice's phones: 13 vowels, consonants hard and (doubled letter) soft."""
    table = {symbol: tuple(phones.split()) for symbol, phones in _FESTVOX_RU.items()}
    for soft in ("pp", "bb", "tt", "dd", "kk", "gg", "ff", "vv", "ss", "zz", "hh", "mm", "nn", "ll", "rr"):
        table[soft] = table[soft[0]]
    return Alphabet("festvox-ru", table, _neutral)


_EMODB_VOWELS = {
    "a": "AA", "a:": "AA", "A": "AA", "E": "EH", "e": "EY", "@": "AH", "6": "AH", "8": "AH", "V": "AH",
    "I": "IH", "i": "IY", "O": "AO", "o": "OW", "U": "UH", "u": "UW", "y": "UX", "Y": "UX", "9": "OE", "2": "OE",
    "aI": "AY", "aU": "AW", "AU": "AW", "OY": "OY", "OU": "OW", "aO": "AW", "AO": "AO", "ao": "AW",
}  # fmt: skip
_EMODB_CONSONANTS = {
    "p": "P", "b": "B", "t": "T", "d": "D", "k": "K", "g": "G", "B": "BH", "D": "DH", "G": "X", "m": "M", "n": "N",
    "N": "NG", "f": "F", "v": "V", "s": "S", "z": "Z", "S": "SH", "C": "X", "x": "X", "X": "X", "h": "HH", "H": "HH",
    "l": "L", "L": "L", "j": "Y", "r": "X", "R": "X", "4": "X",
}  # fmt: skip


def emodb() -> Alphabet:
    """SAMPA-like symbols of the Berlin database once closures and releases are joined (see `emodb` labels)."""
    table: Table = {symbol: (phone,) for symbol, phone in (_EMODB_VOWELS | _EMODB_CONSONANTS).items()}
    table |= {vowel + "6": (*table[vowel], "AH") for vowel in ("a", "E", "i", "I", "Y", "@")}
    table |= {"i@": ("IY", "AH"), "I@": ("IH", "AH"), "ia": ("IY", "AA"), "@E": ("AH", "EH"), "@O": ("AH", "AO")}
    table |= {doubled * 2: table[doubled] for doubled in ("n", "N", "s", "v")}
    table |= {".": (SILENCE,), "(": (SILENCE,), "?": ()}
    return Alphabet("EmoDB", table, _neutral)


_IPA = {
    # vowels; pairs are diphthongs
    "aɪ": "AY", "aʊ": "AW", "eɪ": "EY", "oʊ": "OW", "əʊ": "OW", "ɔɪ": "OY", "ɔø": "OY", "ɛɪ": "EY", "ʌʊ": "AW",
    "œy": "OE UX", "aɪə": "AY AH", "aɪɚ": "AY ER", "ai": "AY", "au": "AW", "ei": "EY", "ɔʏ": "OY", "ɔy": "OY",
    "ɐ": "AH", "a": "AA", "ɑ": "AA", "ɒ": "AA", "ä": "AA", "æ": "AE", "ʌ": "AH", "ə": "AH", "ɘ": "AH", "ɤ": "AH",
    "ɜ": "ER", "ɝ": "ER", "ɚ": "ER", "ɛ": "EH", "ε": "EH", "e": "EH", "i": "IY", "ɪ": "IH", "ᵻ": "IH", "ɨ": "IX",
    "ɯ": "IX",
    "o": "OW", "ɔ": "AO", "u": "UW", "ʊ": "UH", "ɵ": "UH", "y": "UX", "ʏ": "UX", "ʉ": "UX", "ø": "OE", "œ": "OE",
    "ɞ": "OE", "ɶ": "OE",
    # stops, affricates
    "p": "P", "b": "B", "t": "T", "d": "D", "ʈ": "T", "ɖ": "D", "k": "K", "ɡ": "G", "g": "G", "q": "K", "c": "K",
    "ɟ": "G", "ʔ": "", "tʃ": "CH", "dʒ": "JH", "tɕ": "CH", "dʑ": "JH", "ts": "T S", "dz": "D Z", "pf": "P F",
    # nasals, liquids, glides
    "m": "M", "ɱ": "M", "n": "N", "ɲ": "N", "ɳ": "N", "ŋ": "NG", "ɴ": "NG", "l": "L", "ɭ": "L", "ʎ": "L", "ʟ": "L",
    "ɫ": "L", "ɹ": "R", "ɻ": "R", "r": "L", "ɾ": "L", "ɽ": "L", "ɺ": "L", "j": "Y", "ʝ": "Y", "w": "W", "ɥ": "W",
    "ʍ": "W", "ʋ": "V",
    # fricatives
    "f": "F", "v": "V", "θ": "TH", "ð": "DH", "s": "S", "z": "Z", "ʃ": "SH", "ʒ": "ZH", "ɕ": "SH", "ʑ": "ZH",
    "ʂ": "SH", "ʐ": "ZH", "sx": "SH", "ɧ": "SH", "ç": "X", "x": "X", "χ": "X", "ɣ": "X", "ʁ": "X", "ʀ": "X", "ħ": "X",
    "h": "HH", "ɦ": "HH", "β": "BH", "ɸ": "BH", "r̝": "ZH",
}  # fmt: skip

_IPA_BY_LANGUAGE = {
    "ru": {"y": "IX"},  # espeak-ng writes ы as y
    "pt": {"y": "IH"},  # and so the reduced final e of Brazilian Portuguese
    "en": {"ɾ": "D", "r": "R"},
    "fr": {"r": "X"},
    "de": {"r": "X", "ɾ": "X", "ɜ": "AH"},  # ɜ is the vocalised -er
}

GLOTTAL_STOP = "ʔ"
"""The IPA symbol whose time goes to the sound before it."""

_IPA_MARKS = frozenset("ˈˌːˑʰʲʷˠˤʱⁿˡᵝ͡‿.-?)\"'")


def ipa(language: str) -> Alphabet:
    """The International Phonetic Alphabet as espeak-ng 1.51 writes it for `language` ("en", "pt", …).

    A symbol may hold several letters, length and stress marks and diacritics; see `_Ipa`.
    """
    return _Ipa(language)


class _Ipa(Alphabet):
    """Splits a symbol into the longest letters the table knows before giving up on any of it."""

    def __init__(self, language: str) -> None:
        letters = _IPA | _IPA_BY_LANGUAGE.get(language, {})
        super().__init__(f"IPA ({language})", {k: tuple(v.split()) for k, v in letters.items()}, _neutral)
        self._longest = max(map(len, letters))
        self._seen: dict[str, tuple[str, ...]] = {"": (SILENCE,)}

    def phones(self, symbol: str) -> tuple[str, ...]:
        if symbol in self._seen:
            return self._seen[symbol]
        unknown_before = self.unknown.total()
        phones = self._split(symbol)
        if self.unknown.total() == unknown_before:  # the unknown are counted each time
            self._seen[symbol] = phones
        return phones

    def _split(self, symbol: str) -> tuple[str, ...]:
        spoken = re.sub(r"\([^)]*\)?", "", symbol)  # "(en)" announces words of another language
        letters = "".join(c for c in unicodedata.normalize("NFC", spoken) if c not in _IPA_MARKS)
        result: list[str] = []
        while letters:
            for length in range(min(self._longest, len(letters)), 0, -1):
                if letters[:length] in self._table:
                    result += self._table[letters[:length]]
                    break
            else:
                length = 1
                result += self._plain(letters[0])
            letters = letters[length:]
        return tuple(result)

    def _plain(self, letter: str) -> tuple[str, ...]:
        """A letter under diacritics is read without them; a lone diacritic is no sound."""
        if unicodedata.combining(letter):
            return ()
        base = unicodedata.normalize("NFD", letter)[0]
        return self._table[base] if base in self._table else super().phones(letter)
