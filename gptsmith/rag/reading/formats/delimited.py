"""CSV and TSV: one line a row, each value with its column's name."""

from __future__ import annotations

import csv
import io
import re

from gptsmith.rag.reading.encodings import decode
from gptsmith.rag.reading.parsed import Kind, Parsed, Raw, clean_text, records, whole

_SEPARATOR = re.compile(r"\Asep=(.)\n", re.IGNORECASE)  # as Excel writes it
_DELIMITERS = ",;\t|"
_LONGEST_FIELD = 1_000_000


def read(raw: Raw) -> Parsed:
    """Return the rows of a table with delimiters."""
    text, note = decode(raw.data, [raw.charset])
    text = clean_text(text)
    said = _SEPARATOR.match(text)
    text = text[said.end() :] if said else text
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=said[1] if said else _delimiter(text, raw.suffix)))
    except csv.Error:  # a field without an end: the lines as they stand
        return whole(text, note)
    return whole(records(rows), note)


def _delimiter(text: str, suffix: str) -> str:
    """Return the delimiter that cuts most of the first rows into equally many fields, at least two."""
    if suffix in (".tsv", ".tab"):
        return "\t"
    sample = "".join(text.splitlines(keepends=True)[:50])
    best, most = ",", 0.0
    for delimiter in _DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(io.StringIO(sample), delimiter=delimiter) if row]
        except csv.Error:
            continue
        usual = max(set(widths), key=widths.count, default=1)
        worth = widths.count(usual) / len(widths) * min(usual, 4) if usual > 1 else 0.0
        if worth > most:
            best, most = delimiter, worth
    return best


KIND = Kind("table", (".csv", ".tsv", ".tab"), read, content_types=("text/csv", "text/tab-separated-values"))
