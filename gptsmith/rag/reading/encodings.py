"""The encodings of texts: bytes to characters, and the name of the encoding where it had to be found out."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable

from gptsmith.rag.reading.parsed import Unreadable

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NAMES = {
    "utf-16": "UTF-16", "utf-32": "UTF-32", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "cp932": "Shift-JIS",
    "euc_jp": "EUC-JP", "iso2022_jp": "ISO-2022-JP", "gb18030": "GBK", "big5": "Big5", "cp949": "EUC-KR",
    "cp1250": "Windows-1250", "cp1251": "Windows-1251", "cp1252": "Windows-1252", "cp1253": "Windows-1253",
    "cp1254": "Windows-1254", "cp1255": "Windows-1255", "cp1256": "Windows-1256", "cp1257": "Windows-1257",
    "koi8_r": "KOI8-R", "koi8_u": "KOI8-U", "cp866": "CP866", "cp850": "CP850", "iso8859_2": "ISO-8859-2",
    "iso8859_5": "ISO-8859-5", "mac_roman": "Mac Roman", "mac_cyrillic": "Mac Cyrillic", "tis_620": "TIS-620",
}  # fmt: skip
_GUESSED = [n for n in _NAMES if not n.startswith(("utf", "iso2022"))]
_ADVICE = "save it as UTF-8 if letters look wrong"
_BINARY = "it holds binary data, not text; export it as PDF, DOCX, Markdown or plain text"
_SAMPLE = 16_384  # bytes that a guess looks at
_SHORT = 2_048  # bytes: below, the guess sees the text several times, which makes its statistics steadier
_NONSENSE = 0.15  # share of the letters in odd places, above which a guess is no reading
# The letters beyond ASCII that languages write with: a right reading needs those of one language, or nearly so.
_ALPHABETS = (
    "àâæçéèêëîïôœùûüÿ", "äöüß", "áéíóúüñºª", "áâãàçéêíóôõúüºª", "àèéìíòóùú", "åäöæøéüáðíóúýþ", "ąćęłńóśźż",
    "áäčďéěíĺľňóôŕřšťúůýž", "áéíóöőúüű", "ăâîșțşţ", "čćđšž", "çğıöşüâî", "ąčęėįšųūžāēģīķļņõäöü",
    "абвгдежзийклмнопрстуфхцчшщъыьэюяё", "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя", "абвгдђежзијклљмнњопрстћуфхцчџш",
    "άαβγδεέζηήθιίϊΐκλμνξοόπρστυύϋΰφχψωώς", "אבגדהוזחטיךכלםמןנסעףפץצקרשת",
    "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهويىپچژگکی",
)  # fmt: skip
_CENTRAL = ("cp1250", "iso8859_2")
_COMMON = frozenset("оеаинтсрвлкм")  # of Cyrillic texts these are more than half
_IN_WORDS = frozenset("'’‘ʼ·-‐‑–—_.")
_HALF_KANA = re.compile("[\uff61-\uff9f]")


def decode(data: bytes, declared: Iterable[str] = ()) -> tuple[str, str]:
    """Return the text and a note that names its encoding, empty for UTF-8; `declared` are names to try first.

    Raises Unreadable for binary data, and where no encoding makes sense of the bytes.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            text = data.decode(encoding, "replace")
            return text, "" if encoding == "utf-8-sig" else f"read as {_NAMES[encoding]}"
    for name in filter(None, declared):
        try:
            text = data.decode(name)
            return text, "" if codecs.lookup(name).name in ("utf-8", "ascii") else f"read as {name}"
        except (LookupError, UnicodeDecodeError, ValueError):  # a wrong or unknown name: look at the bytes
            continue
    return _utf8(data) or _two_bytes(data) or _guessed(data)


def nonsense(text: str) -> float:
    """Return the share of the characters beyond ASCII that stand where no language puts them: mojibake has many."""
    odd = strange = 0
    padded = f" {text} "
    for before, char, after in zip(padded, padded[1:], padded[2:], strict=False):
        if char < "\x80":
            odd += char < " " and char not in "\t\n\r\f\x1b"
            continue
        strange += 1
        odd += _is_odd(before, char, after)
    return odd / max(strange, 1)


def _is_odd(before: str, char: str, after: str) -> bool:
    kind = unicodedata.category(char)
    if kind in ("Cn", "Co", "Cs", "Cc") or char == "\ufffd" or _HALF_KANA.match(char):
        return True
    if kind[0] in "SN" or kind in ("Po", "Ps", "Pe", "Pi", "Pf"):
        return (
            _script(before) != "east"
            and before.isalpha()
            and after.isalpha()
            and char not in _IN_WORDS
            and kind != "Nd"
        )
    if kind[0] == "L" and before.isalpha():
        return _script(before) != _script(char) or (before.islower() and char.isupper())
    return False


def _script(char: str) -> str:
    """Return a name for the letters that stand together in a word."""
    if char < "\u0250":
        return "latin"
    if char >= "\u2e80":
        return "east"
    return unicodedata.name(char, "none").partition(" ")[0]


def _foreign(text: str) -> float:
    """Return the share of the letters beyond ASCII that are not of the one language that has most of them."""
    letters = [c for c in text.lower() if c >= "\x80" and c.isalpha()]
    if not letters or sum(_script(c) == "east" or "\u0e00" <= c <= "\u0e7f" for c in letters) > len(letters) / 2:
        return 0.0
    away = min(sum(c not in alphabet for c in letters) for alphabet in _ALPHABETS) / len(letters)
    cyrillic = [c for c in letters if "\u0400" <= c <= "\u04ff"]
    return away + 0.5 * (bool(cyrillic) and 2 * sum(c in _COMMON for c in cyrillic) < len(cyrillic))


def _utf8(data: bytes) -> tuple[str, str] | None:
    if b"\x1b$" in data[:_SAMPLE]:
        try:
            return data.decode("iso2022_jp"), "read as ISO-2022-JP"
        except UnicodeDecodeError:  # another use of the escape
            pass
    try:
        text = data.decode("utf-8")
        return None if text.count("\x00") > len(text) // 100 else (text, "")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
    bad, strange = text.count("\ufffd"), sum(char >= "\x80" for char in text)
    if bad * 20 > strange or "\x00" in text:
        return None
    return text, f"UTF-8 with {bad} broken character{'s' if bad > 1 else ''}"


def _two_bytes(data: bytes) -> tuple[str, str] | None:
    """Read UTF-16 without a mark: its spaces and line ends have zero bytes, which no other text has."""
    sample = data[: _SAMPLE - _SAMPLE % 2]
    if 0 not in sample or len(data) % 2:
        return None
    tries = []
    for encoding in ("utf-16-le", "utf-16-be"):
        text = sample.decode(encoding, "replace")
        if "\x00" not in text and nonsense(text) < 0.02:
            tries.append((sum(text.count(mark) for mark in " \n、。，"), encoding))
    if not tries:
        return None
    encoding = max(tries)[1]
    return data.decode(encoding, "replace"), "read as UTF-16 (no byte order mark)"


def _guessed(data: bytes) -> tuple[str, str]:
    sample = data[:_SAMPLE]
    strange = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in sample)
    if 0 in sample or strange > len(sample) // 50:
        raise Unreadable(_BINARY, "skipped")
    if _is_western(sample):
        return data.decode("cp1252", "replace"), f"not UTF-8, read as {_NAMES['cp1252']}; {_ADVICE}"
    tries = ((_try(sample, name), i, name) for i, name in enumerate(_likely(sample)))
    # Central Europe's encodings give other letters of the West's bytes, as likely in a short text, and are rarer.
    best, _, _, encoding = min((nonsense(text) + _foreign(text), n in _CENTRAL, i, n) for text, i, n in tries)
    if best > _NONSENSE:
        raise Unreadable("its encoding cannot be told; open it in an editor and save it as UTF-8")
    if _try(sample, "cp1252") == _try(sample, encoding):
        encoding = "cp1252"  # the name that people know
    return data.decode(encoding, "replace"), f"not UTF-8, read as {_NAMES[encoding]}; {_ADVICE}"


def _is_western(sample: bytes) -> bool:
    """Tell whether the only bytes beyond ASCII are a few letters within words, or signs, of the West, each alone.

    In so short a text nothing else can be counted; words of other scripts have such bytes side by side.
    """
    high = [i for i, byte in enumerate(sample) if byte >= 0x80]
    text = sample.decode("cp1252", "replace")
    return len(high) <= 3 and all(
        (text[i - 1 : i] + text[i + 1 : i + 2]).isascii() and (text[i] in _SIGNS or _is_in_word(text, i)) for i in high
    )


_SIGNS = frozenset("€£§°²³½…–—„“”‘’«»•·©®™×")


def _is_in_word(text: str, i: int) -> bool:
    return text[i].isalpha() and (text[i - 1 : i].isalpha() or text[i + 1 : i + 2].isalpha())


def _likely(sample: bytes) -> list[str]:
    """Return encodings that fit, the likeliest first."""
    from charset_normalizer import from_bytes

    cut = sample[: sample.rfind(b"\n") + 1] if len(sample) == _SAMPLE and b"\n" in sample else sample
    found = [m.encoding for m in from_bytes(cut * max(1, _SHORT // len(cut)), cp_isolation=_GUESSED)]
    return [*found, *(n for n in ("cp1252", "cp1250", "cp1251", "koi8_r", "iso8859_2") if n not in found)]


def _try(sample: bytes, encoding: str) -> str:
    text = sample.decode(encoding, "replace")
    return text[:-1] if len(sample) == _SAMPLE else text  # the sample may end inside a character
