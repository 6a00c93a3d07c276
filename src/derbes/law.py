"""Law packs: acts, constants, grounds and elements of one country's law, as they stood on a day.

A pack is a folder of YAML: `acts.yaml`, `constants.yaml`, `bases.yaml`, `elements.yaml` (rules beside them are read
elsewhere). Every entry is dated; loading a pack as of a day keeps what was law then.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd
import yaml

from derbes.errors import LawError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.resources.abc import Traversable

LANGUAGES = ("ru", "kk", "en")
CONFIDENCES = ("T", "Q", "N", "M")
_PARTS = ("acts", "constants", "bases", "elements")
_POLICY = ("topics", "rights", "required_citations")
_LISTS = ("documents", "retention_terms", "fines", "duty_changes", "articles", "statements")
_SECTIONS = ("consent_contents", *_POLICY, *_LISTS)
_ACT_KEYS = frozenset(
    {"kind", "adopted", "aliases", "valid_from", "valid_to", "approximate", "confidence", "verify", "titles"}
    | {"editions", "reported", "provisions", "replaced_by", "succeeded_in_part", "note"}
)
_BASIS_KEYS = frozenset(
    {"valid_from", "valid_to", "approximate", "third_party_ok", "needs_authority", "foreign", "cite", "labels"}
    | {"aliases"}
)
_BASIS_COLUMNS = ("code", "valid", "foreign", "state", "needs_authority", "third_party_ok", "act", "at", "labels")


@dataclass(frozen=True)
class Act:
    """One act on the day of its pack: ``status`` is in_force, verify (look it up first), future or ceased.

    ``titles`` are those in force that day, by language, a language missing where no official title was seen;
    ``former`` are earlier ones and ``later`` ones still to come. ``edition`` is the latest in force, ``editions`` all
    that are known, each with the act that made it.
    """

    number: str
    kind: str
    adopted: dt.date
    confidence: str
    status: str
    edition: str | None
    valid_from: dt.date
    valid_to: dt.date | None
    verify: bool
    titles: Mapping[str, str]
    former: tuple[Mapping[str, str], ...] = ()
    later: tuple[Mapping[str, str], ...] = ()
    aliases: tuple[str, ...] = ()
    replaced_by: tuple[str, ...] = ()
    reported: str | None = None
    editions: tuple[tuple[dt.date, str | None], ...] = ()
    note: Mapping[str, str] = field(default_factory=dict)
    provisions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    def title(self, lang: str) -> str | None:
        """Title in force, in that language or else in Russian; None where none was seen."""
        return self.titles.get(lang) or self.titles.get("ru") or next(iter(self.titles.values()), None)


@dataclass(frozen=True, eq=False)
class LawPack:
    """A country's law as it stood on a day.

    ``edition`` is the main act's latest edition in force; ``newer_reported`` the date of a change that was heard of
    and whose content is unknown. ``acts`` maps numbers to acts, ``constants`` names to values.
    ``bases`` has a row a ground: code, valid (that day), foreign, state (valid, not_in_force, foreign),
    needs_authority, third_party_ok, act, at, labels. ``elements`` has a row an element of a definition or right:
    section, item, code, act, at, confidence, valid, foreign, since, until, labels. ``sections`` holds what else
    elements.yaml has in force that day: consent_contents, topics, documents, retention_terms, fines, duty_changes,
    rights as they are written, required_citations, statements; and articles.yaml.
    """

    id: str
    as_of: dt.date
    country: str
    name: Mapping[str, str]
    edition: str | None
    newer_reported: str | None
    acts: Mapping[str, Act] = field(repr=False)
    constants: Mapping[str, Any] = field(repr=False)
    bases: pd.DataFrame = field(repr=False)
    elements: pd.DataFrame = field(repr=False)
    sections: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(repr=False)
    numbers: Mapping[str, str] = field(repr=False)
    basis_words: Mapping[str, str] = field(repr=False)

    def act(self, number: str) -> Act:
        """Act of that number, however it is written. Raises LawError with the closest number."""
        found = self.find(number)
        if found is None:
            raise LawError(f"law {self.id}", f"unknown act {number}", did_you_mean(number, self.acts))
        return found

    def find(self, number: str) -> Act | None:
        """Act of that number or alias, or None; case, spaces and a leading number sign do not matter."""
        return self.acts.get(number) or self.acts.get(self.numbers.get(_bare(number), ""))

    def confidence(self, act: str, at: str = "") -> str:
        """T, Q, N or M: how well that provision is known; the longest provision that holds it decides."""
        known = self.act(act)
        fitting = [key for key in known.provisions if _within(at, key)]
        entry = known.provisions[max(fitting, key=len)] if fitting else {}
        return str(entry.get("confidence", known.confidence))

    def citation(self, act: str, at: str = "") -> dict[str, Any]:
        """Citation as findings carry it: act, at, edition, confidence, and the title by language."""
        cited = self.act(act)
        return {
            "act": cited.number,
            "at": at,
            "edition": cited.edition,
            "confidence": self.confidence(act, at),
            "title": {lang: cited.title(lang) for lang in LANGUAGES},
        }

    def basis(self, word: str) -> str:
        """Code of a ground written as a code or in words; what is not recognised comes back as it is."""
        return self.basis_words.get(" ".join(word.casefold().split()), word)


def load_law(name: str | Path, as_of: dt.date) -> LawPack:
    """Law pack of that name (``kz``) or folder, as of a day. Raises LawError naming file and entry."""
    try:
        return _pack(_read(str(name)), as_of)
    except LawError:
        raise
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        what = f"an entry is not of the shape it should have ({error.__class__.__name__}: {error})"
        raise LawError(f"law {name}", what, "Compare it with the shipped pack.") from error


def _pack(data: Mapping[str, Mapping[str, Any]], as_of: dt.date) -> LawPack:
    registry = data["acts"]
    acts = {str(number): _act(str(number), entry, as_of) for number, entry in registry["acts"].items()}
    main = acts.get(registry["main"])
    if main is None:
        raise LawError("acts.yaml", f"the main act {registry['main']} is not among the acts", "Add it.")
    _check_references(acts, data)
    return LawPack(
        id=registry["id"],
        as_of=as_of,
        country=registry["country"],
        name=MappingProxyType(registry["name"]),
        edition=main.edition,
        newer_reported=main.reported,
        acts=MappingProxyType(acts),
        constants=MappingProxyType(_constants(data["constants"]["constants"], as_of)),
        bases=_bases(data["bases"]["bases"], as_of),
        elements=_elements(data["elements"], acts, as_of),
        sections=MappingProxyType(_sections(data["elements"], as_of)),
        numbers=MappingProxyType(_numbers(acts)),
        basis_words=MappingProxyType(_basis_words(data["bases"]["bases"])),
    )


@cache
def _read(name: str) -> dict[str, dict[str, Any]]:
    folder: Traversable = Path(name) if Path(name).is_dir() else resources.files("derbes").joinpath("law", name)
    if not folder.is_dir():
        raise LawError(f"law {name}", "no such law pack", "Name a shipped pack (kz) or a folder that holds acts.yaml.")
    data = {part: _file(folder.joinpath(f"{part}.yaml")) for part in _PARTS}
    if (listed := folder.joinpath("articles.yaml")).is_file():  # a pack may do without
        data["elements"] = {**data["elements"], "articles": _file(listed)}
    needed = {"acts": ("id", "country", "name", "main", "acts"), "constants": ("constants",), "bases": ("bases",)}
    for part, keys in needed.items():
        for key in keys:
            if key not in data[part]:
                raise LawError(f"{part}.yaml", f"lacks {key}", "Add it.")
    _check_shapes(data)
    return data


def _file(file: Traversable) -> dict[str, Any]:
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe loader, in C
    except FileNotFoundError as error:
        raise LawError(file.name, "is missing from the law pack", "Add the file.") from error
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise LawError(file.name, f"is not readable YAML ({error.__class__.__name__})", "Mend the file.") from error
    if not isinstance(content, dict):
        raise LawError(file.name, "holds no entries", "Write it as a mapping.")
    return content


def _check_shapes(data: Mapping[str, Mapping[str, Any]]) -> None:
    for number, entry in data["acts"]["acts"].items():
        _check_act(f"acts.yaml, {number}", entry)
    for code, entry in data["bases"]["bases"].items():
        _entry(f"bases.yaml, {code}", entry, _BASIS_KEYS, ("labels",))
        if ("foreign" in entry) == ("valid_from" in entry):
            raise LawError(f"bases.yaml, {code}", "is neither dated nor foreign, or both", "Give one of the two.")
    for name, rows in data["constants"]["constants"].items():
        for row in rows if isinstance(rows, list) else [rows]:
            _entry(f"constants.yaml, {name}", row, None, ("valid_from",))
    for section in ("definitions", "rights"):
        for item, body in data["elements"].get(section, {}).items():
            _entry(f"elements.yaml, {item}", body, None, ("cite",))
            for code, element in {**body.get("elements", {}), **body.get("foreign", {})}.items():
                _entry(f"elements.yaml, {code}", element, None, ("labels",))


def _check_act(where: str, entry: Mapping[str, Any]) -> None:
    _entry(where, entry, _ACT_KEYS, ("kind", "adopted", "valid_from", "confidence"))
    for place in [entry, *(entry.get("provisions") or {}).values()]:
        if place.get("confidence") not in CONFIDENCES:
            raise LawError(where, f"confidence {place.get('confidence')}", "Use T, Q, N or M.")
    for part, day in {"titles": "valid_from", "editions": "valid_from", "reported": "date"}.items():
        for row in entry.get(part, ()):
            _entry(f"{where}, {part}", row, None, (day,))


def _entry(where: str, entry: object, keys: frozenset[str] | None, needed: tuple[str, ...]) -> None:
    if not isinstance(entry, dict):
        raise LawError(where, "is not a mapping", "Write its entries below it.")
    if keys is not None and (extra := sorted(set(entry) - keys)):
        raise LawError(where, f"unknown entry {extra[0]}", did_you_mean(extra[0], keys) or "Remove it.")
    if missing := [key for key in needed if key not in entry]:
        raise LawError(where, f"lacks {', '.join(missing)}", "Add what is missing.")
    for key in ("valid_from", "valid_to", "adopted"):
        if entry.get(key) is not None and not isinstance(entry[key], dt.date):
            raise LawError(where, f"{key} is no date: {entry[key]}", "Write it as 2026-08-25.")


def _check_references(acts: Mapping[str, Act], data: Mapping[str, Any]) -> None:
    """Every citation and successor in the pack names an act of the registry."""
    for part in _PARTS[1:]:
        for where, cite in _cites(data[part], f"{part}.yaml"):
            if str(cite.get("act")) not in acts:
                raise LawError(where, f"cites an unknown act {cite.get('act')}", "Add it to acts.yaml.")
    for act in acts.values():
        for successor in act.replaced_by:
            if successor not in acts:
                raise LawError(f"acts.yaml, {act.number}", f"is replaced by an unknown act {successor}", "Add it.")


def _cites(node: object, where: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(node, list):
        for item in node:
            yield from _cites(item, where)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "cite":
                yield where, value
            else:
                yield from _cites(value, f"{where}, {key}")


def _in_force(entry: Mapping[str, Any], as_of: dt.date) -> bool:
    return (entry.get("valid_from") or dt.date.min) <= as_of <= (entry.get("valid_to") or dt.date.max)


def _act(number: str, entry: Mapping[str, Any], as_of: dt.date) -> Act:
    titles = [(row["valid_from"], _title(row)) for row in entry.get("titles", ())]
    known = [title for since, title in titles if since <= as_of] or [title for _, title in titles[:1]]
    editions = [row["valid_from"] for row in entry.get("editions", ()) if row["valid_from"] <= as_of]
    read_up_to = max(editions, default=dt.date.min)
    heard = [row["date"] for row in entry.get("reported", ()) if read_up_to < row["date"] <= as_of]
    return Act(
        number=number,
        kind=entry["kind"],
        adopted=entry["adopted"],
        confidence=entry["confidence"],
        status=_status(entry, as_of),
        edition=max(editions).isoformat() if editions else None,
        valid_from=entry["valid_from"],
        valid_to=entry.get("valid_to"),
        verify=bool(entry.get("verify", False)),
        titles=known[-1] if known else MappingProxyType({}),
        former=tuple(known[:-1]),
        later=tuple(title for since, title in titles if title not in known and since > as_of),
        aliases=tuple(map(str, entry.get("aliases", ()))),
        replaced_by=tuple(map(str, entry.get("replaced_by", ()))),
        reported=max(heard).isoformat() if heard else None,
        editions=tuple((row["valid_from"], row.get("by")) for row in entry.get("editions", ())),
        note=MappingProxyType(entry.get("note", {})),
        provisions=MappingProxyType({str(key): value for key, value in (entry.get("provisions") or {}).items()}),
    )


def _title(row: Mapping[str, Any]) -> Mapping[str, str]:
    return MappingProxyType({lang: row[lang] for lang in LANGUAGES if lang in row})


def _status(entry: Mapping[str, Any], as_of: dt.date) -> str:
    if as_of < entry["valid_from"]:
        return "future"
    if as_of > (entry.get("valid_to") or dt.date.max):
        return "ceased"
    return "verify" if entry.get("verify") else "in_force"


def _constants(entries: Mapping[str, Any], as_of: dt.date) -> dict[str, Any]:
    values = {}
    for name, rows in entries.items():
        for row in rows:
            if _in_force(row, as_of):
                values[name] = _value(f"constants.yaml, {name}", row)
    return values


def _value(where: str, row: Mapping[str, Any]) -> object:
    if ("value" in row) == ("patterns" in row):
        raise LawError(where, "needs a value or patterns", "Give one of them.")
    if "value" in row:
        return row["value"]
    try:
        return re.compile("(?i)" + "|".join(f"(?:{pattern})" for pattern in row["patterns"])).pattern
    except re.error as error:
        raise LawError(where, f"has a broken pattern ({error})", "Mend the pattern.") from error


def _bases(entries: Mapping[str, Any], as_of: dt.date) -> pd.DataFrame:
    rows = [
        {
            "code": code,
            "valid": _basis_state(entry, as_of) == "valid",
            "foreign": "foreign" in entry,
            "state": _basis_state(entry, as_of),
            "needs_authority": bool(entry.get("needs_authority", False)),
            "third_party_ok": bool(entry.get("third_party_ok", False)),
            "act": entry.get("cite", {}).get("act"),
            "at": entry.get("cite", {}).get("at"),
            "labels": dict(entry["labels"]),
        }
        for code, entry in entries.items()
    ]
    return pd.DataFrame(rows, columns=list(_BASIS_COLUMNS))


def _basis_state(entry: Mapping[str, Any], as_of: dt.date) -> str:
    if "foreign" in entry:
        return "foreign"
    return "valid" if _in_force(entry, as_of) else "not_in_force"


def _basis_words(entries: Mapping[str, Any]) -> dict[str, str]:
    words: dict[str, str] = {}
    for code, entry in entries.items():
        for word in (code, *entry["labels"].values(), *entry.get("aliases", ())):
            key = " ".join(str(word).casefold().split())
            if words.setdefault(key, code) != code:
                raise LawError(f"bases.yaml, {code}", f"shares the word {word} with {words[key]}", "Keep it in one.")
    return words


def _elements(data: Mapping[str, Any], acts: Mapping[str, Act], as_of: dt.date) -> pd.DataFrame:
    rows = []
    for section in ("definitions", "rights"):
        for item, body in (data.get(section) or {}).items():
            act, at = str(body["cite"]["act"]), str(body["cite"].get("at", ""))
            for code, element in [*body.get("elements", {}).items(), *body.get("foreign", {}).items()]:
                foreign = "source" in element
                confidence = element.get("confidence", acts[act].confidence)
                valid = not foreign and _in_force(element, as_of)
                days = element.get("valid_from", dt.date.min), element.get("valid_to", dt.date.max)
                rows.append((section, item, code, act, at, confidence, valid, foreign, *days, dict(element["labels"])))
    columns = ["section", "item", "code", "act", "at", "confidence", "valid", "foreign", "since", "until", "labels"]
    frame = pd.DataFrame(rows, columns=columns)
    if frame["code"].duplicated().any():
        code = frame.loc[frame["code"].duplicated(), "code"].iloc[0]
        raise LawError("elements.yaml", f"the element {code} stands twice", "Rename one.")
    return frame


def _sections(data: Mapping[str, Any], as_of: dt.date) -> dict[str, Mapping[str, Any]]:
    return {section: MappingProxyType(_dated(data.get(section) or {}, as_of)) for section in _SECTIONS}


def _dated(entries: Mapping[str, Any], as_of: dt.date) -> dict[str, Any]:
    return {code: entry for code, entry in entries.items() if _in_force(entry, as_of)}


def _within(at: str, provision: str) -> bool:
    """Whether a provision holds the cited place: 12 holds 12(2), not 121 and not 12-1."""
    return at == provision or (at.startswith(provision) and at[len(provision)] == "(")


def _numbers(acts: Mapping[str, Act]) -> dict[str, str]:
    return {_bare(word): act.number for act in acts.values() for word in (act.number, *act.aliases)}


def _bare(number: str) -> str:
    return re.sub(r"[\s\u2116\u00a0\u2010-\u2015-]+", "-", number).strip("-").casefold()
