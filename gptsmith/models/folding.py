"""One form for what is the same to a reader: full-width letters and digits, presentation forms, invisible characters.

Only for finding and comparing; what is quoted stays as it stands in its file.
"""

from __future__ import annotations

import re
import unicodedata

# Soft hyphens, zero-width characters, the Arabic stretch and vowel signs: written or not, the word is the same.
_UNSEEN = dict.fromkeys([0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x0640, *range(0x064B, 0x0653)])


_IDEOGRAMS = r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
_PARTS = re.compile(rf"(?P<ideograms>{_IDEOGRAMS}+)|(?:(?!{_IDEOGRAMS}).)+")


def words_in(run: str) -> list[str]:
    """Return the words of a run of letters and digits: scripts that write no spaces are cut into pairs of characters.

    会議室B110 gives 会議, 議室 and B110.
    """
    if run.isascii():
        return [run]
    found: list[str] = []
    for part in _PARTS.finditer(run):
        text = part[0]
        found += [text[i : i + 2] for i in range(max(len(text) - 1, 1))] if part["ideograms"] else [text]
    return found


def fold(text: str) -> str:
    """Return `text` in the form in which words are compared."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text.translate(_UNSEEN))
