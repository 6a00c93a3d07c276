"""What every page of a report shares: the audit it speaks of, and how it names tables, places and severities."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from markupsafe import Markup

from derbes.auditing import audit
from derbes.findings import SEVERITIES
from derbes.identity import mask
from derbes.page import facts
from derbes.page.markup import Passage, element, heading, joined, ordered, paragraphs, passage
from derbes.page.markup import facts as pairs
from derbes.page.widget import live
from derbes.quarter import Quarter, last_complete
from derbes.tally import among, proof
from derbes.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from derbes.auditing import Audit

NAMED = 3
THINGS = 8  # of one cell
ROWS = 150
NAME, VALUE, SENTENCE = 100, 80, 400  # characters of a cell on the page


class Page:
    """An audit and the quarter it is of, in the words of its language.

    ``say`` has the words that pages share, ``tell`` those of the page's own ``section``.
    """

    section: ClassVar[str] = "page"

    def __init__(self, audit: Audit, quarter: Quarter) -> None:
        self.audit = audit
        self.quarter = quarter
        self.say = Wording(audit.lang, "page")

    @cached_property
    def tell(self) -> Wording:
        """Words of the page's own section."""
        return Wording(self.audit.lang, self.section)

    @classmethod
    def of(
        cls,
        inventory: str | Path,
        *,
        quarter: str = "",
        as_of: str = "",
        law: str = "kz",
        lang: str = "ru",
        before: str = "",
    ) -> Self:
        """Page of the audit of an inventory; what is left empty is the last complete quarter, its last day, no choice.

        A relative path is looked for in the current folder and in those above it, so that a notebook finds the same
        inventory wherever it is opened. Raises DerbesError as `derbes.auditing.audit` does.
        """
        today = dt.datetime.now(tz=dt.UTC).astimezone().date()
        chosen = Quarter.parse(quarter) if quarter else last_complete(today)
        day = as_of or chosen.last_day
        return cls(audit(_above(inventory), as_of=day, law=law, lang=lang, before=before or None), chosen)

    def scope(self) -> Passage:
        """What was audited: inventory, day, law, rules, comparison."""
        say, audit, law = self.say, self.audit, self.audit.law
        read = audit.sources[audit.sources["reason"].isna()]
        size = {"files": int(read["file"].nunique()), "sheets": len(read), "rows": int(read["rows"].sum())}
        rules = {"run": int(audit.summary["rules_run"]), "not_run": int(audit.summary["rules_not_run"])}
        newer = say("scope", "newer", date=say.date(law.newer_reported)) if law.newer_reported else ""
        return passage(
            heading("scope", say("headings", "scope")),
            pairs(
                [
                    (say("scope", "operator"), f"{self.operator} ({audit.operator})"),
                    (say("scope", "quarter"), say.quarter(self.quarter)),
                    (say("scope", "as_of"), say.date(audit.as_of)),
                    (say("scope", "inventory"), say("scope", "size", **size)),
                    (
                        say("scope", "law"),
                        say("scope", "edition", law=law.name[audit.lang], date=say.date(law.edition)),
                    ),
                    (say("scope", "rules"), say("scope", "rules_run", **rules)),
                    (say("scope", "before"), self._comparison()),
                ]
            ),
            paragraphs(newer, class_="caution"),
            paragraphs(audit.notice),
            paragraphs(proof(audit)),
        )

    def colophon(self) -> Passage:
        """How the report was made, so that it can be made again."""
        say, audit = self.say, self.audit
        text = say("colophon", as_of=audit.as_of.isoformat(), law=audit.law.id, edition=str(audit.law.edition))
        return passage(element("footer", element("p", text, " ", element("code", audit.digest))))

    @cached_property
    def _found(self) -> pd.DataFrame:
        return facts.counted(self.audit)

    @cached_property
    def _anchored(self) -> frozenset[str]:
        """Ids that have an anchor on the page: those in the table, and every critical one."""
        critical = self._found.loc[self._found["severity"] == "critical", "id"]
        return frozenset(self._found["id"].head(ROWS)) | frozenset(critical)

    @cached_property
    def _facts_of(self) -> dict[str, tuple[str, str]]:
        """Title and severity of every finding."""
        frame = self.audit.findings
        return dict(zip(frame["id"], zip(frame["title"], frame["severity"], strict=True), strict=True))

    @cached_property
    def operator(self) -> str:
        """The operator's name, or its id where the inventory does not give one."""
        names = self.audit.inventory.tables["operator"]["name"].dropna()
        return cut(mask(str(names.iloc[0])), NAME) if len(names) else self.audit.operator

    def _opening(self, title: str) -> Passage:
        """What a notebook begins with: its title, whose it is, which quarter; for JupyterLab looks and widget."""
        subtitle = element("p", self.operator, " · ", self.say.quarter(self.quarter), class_="subtitle")
        head = passage(element("header", element("h1", title), subtitle))
        return replace(head, live=live(self.audit.lang))

    def _comparison(self) -> str:
        quarters = ", ".join(self.audit.compared)
        return self.say("scope", "compared", quarters=quarters) if quarters else self.say("scope", "not_compared")

    def _tiles(self, *names: str) -> Markup:
        """Counts of the audit's summary, large, each over the word for it."""
        say, counts = self.say, self.audit.summary
        of_these = {name: among(self.audit, name) for name in names if name in SEVERITIES}
        tiles = (
            element(
                "li",
                element("b", say.number(n)),
                " ",
                element("span", say("tiles", name, n=n) + of_these.get(name, "")),
                class_=name,
            )
            for name, n in ((name, counts[name]) for name in names)
        )
        return element("ul", *tiles, class_="tiles")

    def _some(self, names: Iterable[str]) -> str:
        """The first names, each once, and how many more there are."""
        listed = list(dict.fromkeys(names))
        more = [self.say("promises", "more", n=len(listed) - THINGS)] if len(listed) > THINGS else []
        return "; ".join([*listed[:THINGS], *more])

    def _more(self, n: int) -> Markup:
        return paragraphs(self.say("more", n=n), class_="more") if n > 0 else Markup()

    def _badge(self, severity: str) -> Markup:
        rank = SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)
        return ordered(self.say.label("severity", severity), rank, class_=f"badge {severity}")

    def _table(self, name: object) -> str:
        known = self.audit.inventory.schema.tables.get(str(name))
        return known.title[self.audit.lang] if known else str(name or "")

    def _column(self, table_name: str, name: str) -> str:
        known = self.audit.inventory.schema.tables.get(table_name)
        column = known.columns.get(name) if known else None
        return column.title[self.audit.lang] if column else name

    def _finding(self, row: Any) -> list[object]:  # noqa: ANN401 - a namedtuple of pandas
        told = not isinstance(row.value, str) or row.value in row.title or row.value == row.key
        value = "" if told else element("q", cut(row.value, VALUE))
        place = element("span", self._place(row), class_="where")
        what = joined([cut(row.title, SENTENCE), " ", value, " ", place])
        anchor = element("code", row.id, id=f"f-{row.id}")
        return [what, self._badge(row.severity), self.say.label("status", row.status), anchor]

    def _place(self, row: Any, *, link: bool = False) -> Markup:  # noqa: ANN401 - a namedtuple of pandas
        where = [part for part in map(text_of, (row.file, row.sheet, row.cell)) if part]
        name = f"{self._table(row.table)} / {cut(row.key, NAME)}"
        key = element("a", name, href=f"#f-{row.id}") if link else Markup("{}").format(name)
        return joined([key, " ", element("span", " · ".join(where), class_="place")]) if where else joined([key])


def _above(path: str | Path) -> Path:
    """Return the path as it is if something is there, else the first of that name in a folder above."""
    here = Path(path)
    others = () if here.is_absolute() else (folder / here for folder in Path.cwd().parents)
    return here if here.exists() else next((place for place in others if place.exists()), here)


def text_of(value: object) -> str:
    """Text of a cell, masked and cut to the length of a name; nothing where the cell has none."""
    return cut(mask(value), NAME) if isinstance(value, str) else ""


def cut(text: str, length: int) -> str:
    """Text of at most that many characters, marked where it was cut."""
    return text if len(text) <= length else text[: length - 1] + "…"
