"""Numbers, lengths of time, dates and money in a person's words, and which argument each is for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

_UNITS = {
    w: i
    for i, w in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    )
}
_UNITS |= {
    "thirteen": 13,
    "fourteen": 14,
    "fifteen": 15,
    "sixteen": 16,
    "seventeen": 17,
    "eighteen": 18,
    "nineteen": 19,
    "dozen": 12,
}
_TENS = {
    w: 10 * i
    for i, w in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2)
}
NUMBER_WORDS = {**_UNITS, **_TENS, "hundred": 100}
_WORDED = re.compile(
    rf"\b(?:({'|'.join(_TENS)})[- ]({'|'.join(list(_UNITS)[1:10])})|({'|'.join(NUMBER_WORDS)}))\b", re.IGNORECASE
)
_DIGITS = re.compile(r"(?<![\w.,:/-])[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\d/]|:\d|-\d|\w*\d)")
_DURATION = re.compile(
    r"(?P<three>\bthree quarters of an hour\b)|(?P<half>\bhalf an hour\b)"
    r"|(?P<andhalf>\b(?:an|one) hour and a half\b)|(?P<quarter>\b(?:a )?quarter of an hour\b)"
    r"|\b(?P<n>\d+(?:\.\d+)?|an?|[a-z]+(?:-[a-z]+)?)(?P<h2> and a half)?[ -]?"
    r"(?P<u>h|hrs?|hours?|m|mins?|minutes?|s|secs?"
    r"|seconds?|days?|weeks?)\b",
    re.IGNORECASE,
)
_FIXED = {"half": 1800.0, "andhalf": 5400.0, "quarter": 900.0, "three": 2700.0}
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTH = rf"({'|'.join(m[:3] + f'(?:{m[3:]})?' if len(m) > 3 else m for m in _MONTHS)})\.?"
_ISO = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b")
_DAY_MONTH = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {_MONTH}(?:,? (\d{{4}}))?\b", re.IGNORECASE)
_MONTH_DAY = re.compile(rf"\b{_MONTH} (\d{{1,2}})(?:st|nd|rd|th)?(?:,? (\d{{4}}))?\b", re.IGNORECASE)
_SLASHED = re.compile(r"\b(\d{1,2})[./](\d{1,2})[./](\d{4})\b")
_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_RELATIVE = re.compile(
    rf"\b(day after tomorrow|today|tonight|tomorrow|yesterday|(?:next |on |this |coming )?({'|'.join(_WEEKDAYS)}))\b"
    r"|\bin (\d+|[a-z]+) (days?|weeks?)\b",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"\b(\d{1,2})[:.h](\d{2})\s*([ap])?\.?(?:m\b)?\.?", re.IGNORECASE)
_AMPM = re.compile(r"\b(\d{1,2}|[a-z]+)\s*([ap])\.?m\b\.?", re.IGNORECASE)
_SPOKEN = re.compile(
    r"\b(half|quarter|ten|twenty|five) (past|to) (\d{1,2}|[a-z]+)\b|\b(\d{1,2}|[a-z]+) o'?clock\b|\b(noon"
    r"|midday|midnight)\b",
    re.IGNORECASE,
)
_PAST = {"half": 30, "quarter": 15, "ten": 10, "twenty": 20, "five": 5}


@dataclass(frozen=True)
class FoundValue:
    """A value and where it stands in the text."""

    value: float
    start: int
    end: int
    word: str


@dataclass(frozen=True)
class Day:
    """A day and where it stands in the text."""

    value: date
    start: int
    end: int


@dataclass(frozen=True)
class ClockTime:
    """A time of day, HH:MM, and where it stands in the text."""

    value: str
    start: int
    end: int


def numbers(text: str) -> list[FoundValue]:
    """Return the numbers in digits or words, first to last, but not those of dates, times of day or order numbers."""
    taken = [
        m.span() for pattern in (_ISO, _DAY_MONTH, _MONTH_DAY, _SLASHED, _CLOCK, _AMPM) for m in _valid(pattern, text)
    ]
    found = [
        FoundValue(float(m.group(0).replace(",", "")), *m.span(), m.group(0))
        for m in _DIGITS.finditer(text)
        if not any(a < m.end() and m.start() < b for a, b in taken)
    ]
    for m in _WORDED.finditer(text):
        tens, unit, single = (g.lower() if g else g for g in m.groups())
        value = NUMBER_WORDS[single] if single else _TENS[tens] + _UNITS[unit]
        found.append(FoundValue(float(value), *m.span(), m.group(0)))
    return sorted(found, key=lambda f: f.start)


def _valid(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    """Return the matches, leaving out a price such as 42.50 that looks like a time of day."""
    matches = list(pattern.finditer(text))
    if pattern is not _CLOCK:
        return matches
    return [m for m in matches if "." not in m.group(0).rstrip(".") or m.group(3)]


def seconds(text: str) -> float | None:
    """Return the first length of time in `text`, in seconds."""
    found = lengths(text)
    return found[0].value if found else None


def lengths(text: str) -> list[FoundValue]:
    """Return the lengths of time in `text`, in seconds, first to last."""
    found = []
    for m in _DURATION.finditer(text):
        fixed = next((s for k, s in _FIXED.items() if m[k]), None)
        if fixed is not None:
            found.append(FoundValue(fixed, *m.span(), m.group(0)))
        elif (amount := _amount(m["n"])) is not None:
            scale = {"h": 3600, "m": 60, "s": 1, "d": 86_400, "w": 604_800}[m["u"][0].lower()]
            found.append(FoundValue((amount + (0.5 if m["h2"] else 0)) * scale, *m.span(), m.group(0)))
    return found


def _amount(word: str) -> float | None:
    low = word.lower()
    if low[0].isdigit():
        return float(low)
    if low in ("a", "an"):
        return 1.0
    tens, _, unit = low.partition("-")
    if unit:
        return float(_TENS[tens] + _UNITS[unit]) if tens in _TENS and unit in _UNITS else None
    return float(NUMBER_WORDS[low]) if low in NUMBER_WORDS else None


def days(text: str, today: date | None = None) -> list[Day]:
    """Return the days named in `text`, first to last."""
    now = today or date.today()
    found: list[Day] = []
    readers: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], date | None]], ...] = (
        (_ISO, lambda m: _date(int(m[1]), int(m[2]), int(m[3]))),
        (_SLASHED, lambda m: _date(int(m[3]), int(m[2]), int(m[1]))),
        (_DAY_MONTH, lambda m: _ahead(now, m[3], _month(m[2]), int(m[1]))),
        (_MONTH_DAY, lambda m: _ahead(now, m[3], _month(m[1]), int(m[2]))),
        (_RELATIVE, lambda m: _relative(m, now)),
    )
    for pattern, read in readers:
        for m in pattern.finditer(text):
            value = read(m)
            if value is not None and not any(d.start < m.end() and m.start() < d.end for d in found):
                found.append(Day(value, *m.span()))
    return sorted(found, key=lambda d: d.start)


def _relative(m: re.Match[str], today: date) -> date | None:
    word = (m[1] or "").lower()
    fixed = {"today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1, "day after tomorrow": 2}
    if word in fixed:
        return today + timedelta(days=fixed[word])
    if m[2]:
        return today + timedelta(days=(_WEEKDAYS.index(m[2].lower()) - today.weekday() - 1) % 7 + 1)
    amount = _amount(m[3])
    return None if amount is None else today + timedelta(days=int(amount) * (7 if m[4].startswith("w") else 1))


def _month(word: str) -> int:
    return next(i for i, m in enumerate(_MONTHS, start=1) if m.startswith(word.lower()[:3]))


def _ahead(today: date, year: str | None, month: int, number: int) -> date | None:
    if year:
        return _date(int(year), month, number)
    this = _date(today.year, month, number)
    return this if this is None or this >= today else _date(today.year + 1, month, number)


def _date(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:  # the 31st of February is no day: better asked for than guessed
        return None


def clocks(text: str) -> list[ClockTime]:
    """Return the times of day in `text` as HH:MM, digits before words."""
    found = [
        ClockTime(_hhmm(int(m[1]), int(m[2]), m[3]), *m.span())
        for m in _valid(_CLOCK, text)
        if int(m[1]) < 24 and int(m[2]) < 60
    ]
    for m in _AMPM.finditer(text):
        amount = _amount(m[1])
        if amount is not None and 1 <= amount <= 12:
            found.append(ClockTime(_hhmm(int(amount), 0, m[2]), *m.span()))
    for m in _SPOKEN.finditer(text):
        if m[5]:
            found.append(ClockTime("00:00" if m[5].lower() == "midnight" else "12:00", *m.span()))
            continue
        hour = _amount(m[3] or m[4])
        if hour is not None and hour <= 24:
            minutes = _PAST[m[1].lower()] if m[1] else 0
            total = int(hour) * 60 + (minutes if not m[2] or m[2].lower() == "past" else -minutes)
            found.append(ClockTime(_hhmm(total // 60 % 24, total % 60, None), *m.span()))
    return found


def times(text: str, today: date | None = None) -> list[tuple[int, int]]:
    """Return where days, times of day and lengths of time stand in `text`."""
    found: list[FoundValue | Day | ClockTime] = [*days(text, today), *clocks(text), *lengths(text)]
    return [(f.start, f.end) for f in found]


def _hhmm(hour: int, minute: int, half: str | None) -> str:
    if half and half.lower() == "p" and hour < 12:
        hour += 12
    if half and half.lower() == "a" and hour == 12:
        hour = 0
    return f"{hour:02d}:{minute:02d}"
