"""Manual pages (troff with the `man` or `mdoc` macros): headings, paragraphs, and each option above what it does."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gptsmith.rag.reading.encodings import decode
from gptsmith.rag.reading.formats import text as plain
from gptsmith.rag.reading.parsed import Kind, Parsed, Raw, Unreadable, clean_text, whole

_CONTROL = re.compile(r"""[.'](?:[ \t]*[A-Za-z.]|\\["#])""")
_TITLE = re.compile(r"^[.'][ \t]*(?:TH|Dd|Dt)[ \t]+\S", re.MULTILINE)
_HEAD = 60_000  # characters within which the page's name stands; some define many macros before
_GLYPHS = {
    "em": "—", "en": "–", "hy": "-", "bu": "•", "co": "©", "aq": "'", "dq": '"', "oq": "‘", "cq": "’", "lq": "“",
    "rq": "”", "rs": "\\", "ti": "~", "ha": "^", "ga": "`", "mu": "×", "->": "→", "<-": "←", ">=": "≥", "<=": "≤",
    "ss": "ß", ":a": "ä", ":o": "ö", ":u": "ü", "'e": "é", "`e": "è", "de": "°", "sc": "§", "Do": "$", "sh": "#",
    "at": "@", "ba": "|", "br": "|", "bv": "|", "la": "<", "ra": ">", "lB": "[", "rB": "]", "lC": "{", "rC": "}",
}  # fmt: skip
_STRINGS = {"lq": "“", "rq": "”", "Tm": "™", "R": "®", 'L"': "“", 'R"': "”", "C+": "C++", "--": "—", "PI": "π"}
_ESCAPE = re.compile(
    r"""\\(?:(?P<comment>["#].*)|f(?:\[[^\]]*\]|\(..|.)|s(?:[-+]?\d{1,2}|\[[^\]]*\]|'[^']*')|m\[[^\]]*\]
    |[nk](?:\[[^\]]*\]|\(..|[-+]?.)|\*(?:\[(?P<long>[^\]]*)\]|\((?P<two>..)|(?P<one>.))
    |\[(?P<glyph>[^\]]*)\]|\((?P<pair>..)|[hvwoNDlLzXb]'[^']*'|(?P<char>.)|$)""",
    re.VERBOSE,
)
_WORD = re.compile(r'"((?:[^"]|"")*)"?|(\S+)')
_FONTS = ("B", "I", "R", "SM", "SB", "BI", "BR", "IB", "IR", "RB", "RI")
_BREAKS = ("PP", "P", "LP", "HP", "RS", "RE", "Pp", "sp", "Bl", "El", "Bd", "Ed", "PD", "in", "ti", "br", "TQ")
_SILENT = ("TS", "Dd", "Os", "Dt", "UE", "ME", "Sm", "ad", "na", "hy", "nh", "ft", "ds", "nr", "ne", "IX", "Rs")
# Words that the `mdoc` macros put around what follows.
_AROUND = {"Op": "[]", "Oo": "[]", "Dq": "“”", "Sq": "‘’", "Ql": "‘’", "Pq": "()", "Bq": "[]", "Aq": "<>", "Brq": "{}"}
_QUIET = frozenset(
    """Ar Cm Li Pa Em Sy Va Vt Ev Er Dv Fa Ft Fn Ic No Ns Tn An Ad Lk Mt Nm Fl Xr Oc Ap Bx Fx Ux At St Cd
    Ms""".split()  # noqa: SIM905 - readable
)


def read(raw: Raw) -> Parsed:
    """Return the page as a reader sees it; a file that only looks like one by its name is read as text."""
    text, note = decode(raw.data, [raw.charset])
    text = clean_text(text)
    if not _is_page(text):
        return plain.read(raw)
    shown = re.sub(r"\n{3,}", "\n\n", "\n".join(_Page(text).lines)).strip()
    if not shown:
        raise Unreadable("the manual page holds no text", "skipped")
    return whole(shown, note)


class _Page:
    """The lines of a rendered page; running text is one line a paragraph."""

    def __init__(self, source: str) -> None:
        self.lines: list[str] = []
        self._words: list[str] = []
        self._plain = False  # inside an example: lines stay as they are
        self._tag = False  # the next line names what the paragraph behind it explains
        self._name = ""
        for line in _used(source.split("\n")):
            self._take(line)
        self._break()

    def _take(self, line: str) -> None:
        if line[:1] in (".", "'") and len(line) > 1:
            macro, _, rest = line[1:].strip().partition(" ")
            self._macro(macro, rest.strip())
            return
        self._say(_plain(line))

    def _say(self, said: str) -> None:
        if self._tag and said.strip():
            self._tag = False
            self._break()
            self.lines.append(said.strip())
        elif self._plain:
            self.lines.append(said)
        elif not said.strip():
            self._gap()
        else:
            self._words.append(said.strip())

    def _break(self) -> None:
        if self._words:
            self.lines.append(" ".join(self._words))
            self._words = []

    def _gap(self) -> None:
        self._break()
        self.lines.append("")

    def _macro(self, macro: str, rest: str) -> None:
        args = [_plain((m[1] if m[1] is not None else m[2]).replace('""', '"')) for m in _WORD.finditer(rest)]
        if macro in ("TH", "Dt"):
            self.lines.append(f"# {args[0]}({args[1]})" if len(args) > 1 else f"# {' '.join(args)}")
        elif macro in ("SH", "Sh", "SS", "Ss"):
            self._plain = self._tag = False
            self._gap()
            self.lines += [f"{'##' if macro[1] in 'Hh' else '###'} {' '.join(args)}", ""]
        elif macro in ("nf", "EX", "fi", "EE", "Bd", "Ed", "TS", "TE", "Vb", "Ve"):
            self._gap()
            self._plain = macro in ("nf", "EX", "Bd", "TS", "Vb")
        elif macro in ("TP", "IP", "It"):
            self._item(macro, args)
        elif macro == "TQ":
            self._tag = True
        elif macro in _BREAKS:
            self._break() if macro in ("br", "PD", "RS", "in", "ti") else self._gap()
        elif macro in ("UR", "MT"):
            self._say(" ".join(args))
        elif macro in _FONTS:
            self._say(("" if len(macro) == 2 and macro not in ("SM", "SB") else " ").join(args))
        elif macro == "Nm":
            self._name = args[0] if args and args[0][:1].isalnum() else self._name
            self._say(" ".join([*([self._name] if not args or args[0] != self._name else []), *args]))
        elif macro == "Nd":
            self._say(f"— {' '.join(args)}")
        elif macro in _QUIET or macro in _AROUND:
            self._say(_mdoc([macro, *args]))
        elif macro not in _SILENT and args and macro[:1].isupper() and not macro.startswith("\\"):
            self._say(" ".join(args))

    def _item(self, macro: str, args: list[str]) -> None:
        self._gap()
        if macro == "TP":
            self._tag = True
        elif macro == "It":
            if said := _mdoc(args):
                self.lines.append(said)
        elif args and args[0] in ("•", "*", "-", "o", "\u00b7"):
            self._words.append("-")
        elif args and args[0]:
            self.lines.append(args[0])


def _mdoc(args: list[str]) -> str:
    """Return the words of a line of `mdoc`, in which words may be macros."""
    out: list[str] = []
    ends: list[str] = []
    i = 0
    while i < len(args):
        word = args[i]
        if word in _AROUND:
            out.append(_AROUND[word][0] + "\0")
            ends.append("\0" + _AROUND[word][1])
        elif word == "Fl":
            following = args[i + 1] if i + 1 < len(args) else "Fl"
            alone = following == "Fl" or not (following[:1].isalnum() or following[:1] == "-")
            out.append("-" if alone else "-\0")
        elif word == "Xr" and i + 2 < len(args):
            out.append(f"{args[i + 1]}({args[i + 2]})")
            i += 2
        elif word in ("Ns", "Ap"):
            out.append("\0" if word == "Ns" else "\0'\0")
        elif word in (".", ",", ";", ":", ")", "?", "!"):
            out.append("\0" + word)
        elif word not in _QUIET:
            out.append(word)
        i += 1
    return re.sub(r" ?\0 ?", "", " ".join([*out, *reversed(ends)])).strip()


def _used(lines: list[str]) -> Iterator[str]:
    """Yield the lines of a page without definitions, comments and what only other devices print."""
    until, depth = "", 0
    for line in lines:
        bare = re.sub(r"^([.'])[ \t]+", r"\1", line)
        if until:
            until = "" if bare.startswith(until) else until
            continue
        if depth:  # a condition's body in braces
            depth += bare.count("\\{") - bare.count("\\}")
            continue
        if m := re.match(r"[.'](?:de1?|am1?|ig)\b[ \t]*(\S*)[ \t]*(\S*)", bare):
            until = f".{m[2] or '.'}" if not bare.startswith(".ig") else f".{m[1] or '.'}"
        elif m := re.match(r"[.'](?:if|ie|el|while)\b[ \t]*(.*)", bare):
            depth = max(m[1].count("\\{") - m[1].count("\\}"), 0)
            if not depth and (n := re.match(r"n[ \t]+(.+)", m[1])) and bare[1:3] == "if":
                yield n[1]
        elif not re.match(r"""[.']\\["#}]|'\\"|[.']$|\\\}""", bare):
            yield bare


def _plain(text: str) -> str:
    """Return a line without the marks of typesetting."""
    return _ESCAPE.sub(_said, text).replace("\t", " | " if text.count("\t") and not text.startswith("\t") else "    ")


def _said(match: re.Match[str]) -> str:
    name = match["long"] or match["two"] or match["one"]
    if name:
        return _STRINGS.get(name, "")
    glyph = match["glyph"] or match["pair"]
    if glyph:
        if m := re.fullmatch(r"u([0-9A-Fa-f]{4,6})", glyph):
            return chr(int(m[1], 16)) if int(m[1], 16) < 0x110000 else ""
        return _GLYPHS.get(glyph, "")
    char = match["char"] or ""
    return {"-": "-", "e": "\\", "~": " ", " ": " ", "0": " ", "'": "'", "`": "`", "\\": "\\", ".": "."}.get(char, "")


def _is_page(text: str) -> bool:
    return bool(_CONTROL.match(text.lstrip()) and _TITLE.search(text[:_HEAD]))


def _is_manual(raw: Raw) -> bool:
    return _is_page(raw.data[:_HEAD].decode("latin-1").replace("\r\n", "\n"))


KIND = Kind("manual page", (*(f".{n}" for n in range(1, 9)), ".man", ".mdoc", ".roff"), read, _is_manual)
