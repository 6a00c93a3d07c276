"""Values that belong to a person, found by their check digits: IIN, payment card, IBAN, e-mail address, telephone.

An inventory describes data and never holds them; this module tells when a cell does, and masks what it finds.
Check digit of IIN and BIN: the sum of digits times weights 1..11 modulo 11; where that is 10, a second round with
weights 3..11, 1, 2. The fifth digit of a BIN is 4, 5 or 6. Since 2013 an IIN need not follow birth date or sex.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import phonenumbers
import yaml
from stdnum import ean, iban, luhn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KINDS = ("iin", "card", "iban", "email", "phone")

_LENGTH = 12
_WEIGHTS = ((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2))
_COMPANY = "456"  # fifth digit of a BIN: resident, non-resident, joint entrepreneurship
_CENTURIES = "0123456"  # seventh digit of an IIN by its original meaning: century and sex
_SPACE = "\u00a0"  # every no-break and thin space after `_legible`

_NO_BREAK = re.compile("[\u00a0\u202f\u2007-\u200a]")
_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
_DASHES = re.compile("[\u2010-\u2015\u2212]")
_FOREIGN_DIGIT = re.compile(r"[^\D0-9]")
_WORTH_A_LOOK = re.compile(r"[@\uff20\ufe6b\d](?:(?<=\D)|(?:\D{0,6}\d){6})")

_ELSEWHERE = re.compile(  # digits that are known to be something else: UUIDs, hashes, dates
    r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b(?=[0-9]*[a-f])[0-9a-f]{32,128}\b"
    r"|(?<!\d)(?:19|20)\d\d-[01]\d-[0-3]\d(?!\d)|(?<!\d)[0-3]\d[.-][01]\d[.-](?:19|20)\d\d(?!\d)",
    re.IGNORECASE,
)
_LINK = re.compile(r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,20}://(?!wa\.me/|api\.whatsapp)\S+|\bwww\.\S+", re.IGNORECASE)
_LOGIN = re.compile(r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,20}://[^\s/@]*@", re.IGNORECASE)
_DIGITS = re.compile(rf"\d+(?:[ \-{_SPACE}]\d+)*")
_GROUP = re.compile(r"\d+")
_BEFORE_FRACTION = re.compile(r"(\d+)[.,]$")
_FRACTION = re.compile(r"[.,](\d+)")
_ADDRESS = re.compile(r"(?<![\w.+%'-])[\w.+%'-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}")
_ACCOUNT = re.compile(rf"(?<![A-Za-z0-9])(?=([A-Za-z]{{2}}\d\d(?:[ {_SPACE}-]?[A-Za-z0-9]){{11,30}}))")
_ACCOUNT_LENGTHS = range(34, 14, -1)
_ACCOUNT_HEAD = re.compile("[A-Za-z]{2}[0-9]{2}")
_TEN_DIGITS = re.compile(rf"(?:\d[ ().\-{_SPACE}]{{0,3}}){{9}}\d")  # a telephone without a plus; IIN and card have more

_CARD = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:2(?:2[1-9]|[3-9]\d)|[3-6]\d\d|7[01]\d|720)\d{12}|220[0-4]\d{12,15}"
    r"|3[47]\d{13}|62\d{14,17}|(?:5018|5020|5038|5893|6304|6759|676[1-3])\d{9,15}|6(?:011|4[4-9]\d|5\d\d)\d{12}"
    r"|35(?:2[89]|[3-8]\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11}"
)
_CARD_SHAPES = re.compile(r"\d+|(?:4 )*[1-4]|4 6 [45]|8 8")
_CARD_LENGTHS = range(13, 20)
_EAN = 13

_BREAK = rf"[ \-{_SPACE}]?"
_TAIL = r"(?![0-9A-Za-z_@]|[.,/]\d{1,3}(?![ (-]{0,2}\d)|-\d)"
_TELEPHONES = tuple(
    re.compile(rf"(?<![0-9A-Za-z_+@]){pattern}{_TAIL}")
    for pattern in (
        rf"\+(?=\d|\()(?:[ ().\-{_SPACE}]{{0,3}}\d){{8,15}}",
        rf"[78]{_BREAK}\(?\d{{3}}\)?{_BREAK}\d{{3}}{_BREAK}\d\d{_BREAK}\d\d",
        rf"[78]{_BREAK}\(?\d{{4}}\)?{_BREAK}\d\d{_BREAK}\d\d{_BREAK}\d\d",
        rf"\(?\d{{3}}\)?[ \-{_SPACE}]\d{{3}}[ \-{_SPACE}]\d\d[ \-{_SPACE}]\d\d",
    )
)
_LAST_DIGIT = re.compile(r"\d(?!\d)")
_JOINED = re.compile(r"\d[.,/-]")
_NOT_PERSONAL = frozenset({  # nobody's own telephone: free and shared-cost lines, short and company-wide numbers
    phonenumbers.PhoneNumberType.TOLL_FREE,
    phonenumbers.PhoneNumberType.PREMIUM_RATE,
    phonenumbers.PhoneNumberType.SHARED_COST,
    phonenumbers.PhoneNumberType.UAN,
})  # fmt: skip


class _Span(NamedTuple):
    """A piece of text: where it stands and its digits, with the lengths of their groups."""

    start: int
    end: int
    digits: str
    shape: str
    no_break: bool


def bin_valid(text: str) -> bool:
    """Tell whether the text is a BIN: 12 digits, the fifth 4 to 6, a right check digit."""
    return _checked(text.strip()) and text.strip()[4] in _COMPANY


def iin_valid(text: str) -> bool:
    """Tell whether the text is an IIN: 12 digits, the fifth not that of a BIN, a right check digit."""
    return _checked(text.strip()) and text.strip()[4] not in _COMPANY


def personal(text: str) -> tuple[str, ...]:
    """Return the kinds of personal values in a text, in the order of `KINDS`; role mailboxes and BINs are none."""
    return _sweep(text)[1]


def personal_kinds(series: pd.Series[Any]) -> pd.Series[Any]:
    """Return the kinds of personal values of every cell as tuples; an empty tuple for most cells and for null.

    Each distinct value is looked at once, and closely only if it holds an at-sign or seven digits near each other.
    """
    codes, uniques = pd.factorize(series)
    texts = [_text(unique) for unique in uniques]
    found = np.empty(len(texts) + 1, dtype=object)
    found.fill(())
    for position, text in enumerate(texts):
        if _WORTH_A_LOOK.search(text):
            found[position] = personal(text)
    return pd.Series(found[codes], index=series.index, name=series.name, dtype=object)


def lawful_kinds(table: str, column: str) -> frozenset[str]:
    """Kinds that a column may hold: requisites of the operator and addresses that are published to be written to."""
    if (table, column) in {("operator", "email"), ("operator", "responsible_contact"), ("clauses", "requisites")}:
        return frozenset({"email", "phone"})
    return frozenset({"email", "phone"}) if column == "channels" else frozenset()


def mask(text: str) -> str:
    """Return the text with every personal value replaced by its kind in angle quotes; nothing of the value stays.

    A text without personal values is returned as it is.
    """
    masked, kinds = _sweep(text)
    while kinds:  # again, for a mask can lay bare what stood too close to be told apart
        text = masked
        masked, kinds = _sweep(text)
    return text


def _text(value: object) -> str:
    return "\n".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _sweep(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the text, legible and with personal values masked, and the kinds found."""
    legible = _legible(text)
    if not _hopeful(legible):
        return legible.replace(_SPACE, " "), ()
    kinds = set()
    for kind, find in _FINDERS.items():
        places = list(find(legible))
        for start, end in reversed(places):
            legible = f"{legible[:start]}\u2039{kind}\u203a{legible[end:]}"
        if places:
            kinds.add(kind)
    return legible.replace(_SPACE, " "), tuple(kind for kind in KINDS if kind in kinds)


def _hopeful(legible: str) -> bool:
    """Tell whether a search is worth its time: most texts lack what every kind has, a sign or ten digits in a row."""
    if "@" in legible or "+" in legible:
        return True
    return bool(_TEN_DIGITS.search(legible) or _ACCOUNT_HEAD.search(legible))  # an account may consist of letters


def _legible(text: str) -> str:
    """Write digits, dashes and spaces in one way, so that unusual ones cannot hide a value."""
    if text.isascii():
        return text
    marked = _INVISIBLE.sub("", _NO_BREAK.sub("\ue000", text))
    plain = _DASHES.sub("-", unicodedata.normalize("NFKC", marked).replace("\ue000", _SPACE))
    return _FOREIGN_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), plain)


def _checked(digits: str) -> bool:
    if len(digits) != _LENGTH or not (digits.isascii() and digits.isdecimal()):
        return False
    numbers = [int(digit) for digit in digits]
    for weights in _WEIGHTS:
        rest = sum(n * w for n, w in zip(numbers, weights, strict=False)) % 11
        if rest < 10:  # noqa: PLR2004 - a digit
            return rest == numbers[-1]
    return False


def _numbers(text: str, lengths: range) -> Iterator[_Span]:
    """Yield every series of neighbouring digit groups that has one of the lengths in digits."""
    for run in _DIGITS.finditer(text):
        groups = list(_GROUP.finditer(text, run.start(), run.end()))
        for first, group in enumerate(groups):
            digits = ""
            for last in range(first, len(groups)):
                digits += groups[last][0]
                if len(digits) >= lengths.stop:
                    break
                if len(digits) in lengths:
                    start, end = group.start(), groups[last].end()
                    shape = " ".join(str(len(one[0])) for one in groups[first : last + 1])
                    yield _Span(start, end, digits, shape, not re.search(r"[ \-]", text[start:end]))


def _iins(text: str) -> Iterator[tuple[int, int]]:
    ends = 0
    text = _blank(_ELSEWHERE, text)
    for span in _numbers(text, range(_LENGTH, _LENGTH + 1)):
        if span.start >= ends and iin_valid(span.digits) and _is_iin_here(text, span):
            ends = span.end
            yield span.start, span.end


def _is_iin_here(text: str, span: _Span) -> bool:
    """Tell an IIN from what merely has its check digit: parts of numbers and names, timestamps, split digits."""
    before, after = text[max(0, span.start - 20) : span.start], text[span.end : span.end + 20]
    head, tail = _BEFORE_FRACTION.search(before), _FRACTION.match(after)
    if (head and len(head[1]) < _LENGTH) or (tail and len(tail[1]) < _LENGTH and tail[1].strip("0")):
        return False
    named = before.lower().endswith("iin")
    attached = bool((re.search(r"[A-Za-z]$", before) and not named) or re.match(r"[A-Za-z]", after))
    scattered = not span.no_break and span.shape != "6 6"
    dated = _is_date(span.digits[:6], "%y%m%d") and span.digits[6] in _CENTURIES
    timestamp = span.digits[:2] in {"19", "20"} and _is_date(span.digits, "%Y%m%d%H%M")
    return dated or not (attached or scattered or timestamp)


def _is_date(digits: str, form: str) -> bool:
    try:
        return dt.datetime.strptime(digits, form).year > 0  # noqa: DTZ007 - only whether there is such a day
    except ValueError:
        return False


def _cards(text: str) -> Iterator[tuple[int, int]]:
    ends = 0
    text = _blank(_LINK, _blank(_ELSEWHERE, text))
    for span in _numbers(text, _CARD_LENGTHS):
        shaped = span.no_break or _CARD_SHAPES.fullmatch(span.shape)
        if span.start >= ends and shaped and _CARD.fullmatch(span.digits) and _is_card_here(text, span):
            ends = span.end
            yield span.start, span.end


def _is_card_here(text: str, span: _Span) -> bool:
    before, after = text[max(0, span.start - 2) : span.start], text[span.end : span.end + 2]
    attached = re.search(r"[A-Za-z_]$|\d[.,]$", before) or re.match(r"[A-Za-z_]|[.,]\d", after)
    barcode = len(span.digits) == _EAN and ean.is_valid(span.digits)
    return not attached and not barcode and luhn.is_valid(span.digits)


def _accounts(text: str) -> Iterator[tuple[int, int]]:
    for found in _ACCOUNT.finditer(text):
        places = [i for i, letter in enumerate(found[1]) if letter.isalnum()]
        letters = "".join(found[1][i] for i in places)
        for length in _ACCOUNT_LENGTHS:
            if length <= len(letters) and iban.is_valid(letters[:length], check_country=False):
                end = found.start() + places[length - 1] + 1
                if not text[end : end + 1].isalnum():
                    yield found.start(), end
                break


def _addresses(text: str) -> Iterator[tuple[int, int]]:
    for found in _ADDRESS.finditer(_blank(_LOGIN, text)):
        if _is_personal(found[0]):
            yield found.span()


def _is_personal(address: str) -> bool:
    """Tell a person's address from that of a role in a company."""
    local, _, domain = address.lower().rpartition("@")
    name, _, _ = domain.partition(".")
    roles, free = _mailboxes()
    if domain in free or f"{name}.*" in free:
        return True
    parts = [part for part in re.split(r"[\W\d_]+", local.partition("+")[0]) if part]
    return not all(part in roles or part in re.split(r"[.-]", domain) for part in parts)


def _telephones(text: str) -> Iterator[tuple[int, int]]:
    text = _blank(_LINK, _blank(_ELSEWHERE, text))
    places: list[tuple[int, int]] = []
    for number, pattern in enumerate(_TELEPHONES):
        for found in pattern.finditer(text):
            start, taken = found.start(), any(a < found.end() and found.start() < b for a, b in places)
            joined = _JOINED.match(text, max(0, start - 2), start) and start - 1 not in {b for _, b in places}
            if not (taken or joined):
                length = _telephone(found[0], mobile=number == len(_TELEPHONES) - 1)
                places += [(start, start + length)] if length else []
    return iter(sorted(places))


def _telephone(written: str, *, mobile: bool) -> int:
    """Return the length of the telephone number a text begins with, 0 for none; an international one may be shorter."""
    ends = [found.end() for found in _LAST_DIGIT.finditer(written)] if written[0] == "+" else [len(written)]
    return next((end for end in reversed(ends) if _is_telephone(written[:end], mobile=mobile)), 0)


def _is_telephone(written: str, *, mobile: bool) -> bool:
    """Tell whether a number exists in the numbering plans; ``mobile`` asks for a mobile one, for lack of a prefix."""
    digits = re.sub(r"\D", "", written)
    if not written.startswith("+"):
        digits = f"7{digits[-10:]}"  # Kazakhstan and Russia share the country code 7
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return False
    kind = phonenumbers.number_type(number)
    if mobile:
        return kind == phonenumbers.PhoneNumberType.MOBILE
    return phonenumbers.is_valid_number(number) and kind not in _NOT_PERSONAL


def _blank(pattern: re.Pattern[str], text: str) -> str:
    """Cover what a pattern finds with signs that are no digits, keeping every place."""
    return pattern.sub(lambda found: "\ufffd" * len(found[0]), text)


_FINDERS: dict[str, Callable[[str], Iterator[tuple[int, int]]]] = {
    "iban": _accounts,
    "email": _addresses,
    "iin": _iins,
    "card": _cards,
    "phone": _telephones,
}


@cache
def _mailboxes() -> tuple[frozenset[str], frozenset[str]]:
    """Words of role mailboxes, and domains of free mail."""
    source = resources.files("derbes").joinpath("text", "mailboxes.yaml")
    with source.open(encoding="utf-8") as file:
        words = yaml.load(file, Loader=yaml.CSafeLoader)
    return frozenset(word for line in words["roles"] for word in line), frozenset(words["free"])
