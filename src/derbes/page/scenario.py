"""What if: a change of the inventory told by the findings, clauses and documents that it would touch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from derbes import whatif
from derbes.atlas import names
from derbes.identity import mask
from derbes.page.cuts import CutsPage
from derbes.page.markup import Passage, element, heading, joined, paragraphs, passage, table
from derbes.page.sheet import NAME, SENTENCE, cut, text_of

if TYPE_CHECKING:
    from markupsafe import Markup

    from derbes.inventory import Inventory
    from derbes.whatif import Effect

_FINDINGS, _ROWS = 25, 40


class ScenarioPage(CutsPage):
    """A passage on what would change if something of the inventory were otherwise."""

    def whatif(
        self,
        *,
        drop_category: str = "",
        drop_recipient: str = "",
        end_consent: str = "",
        move_hosting: tuple[str, str] | None = None,
    ) -> Passage:
        """What a change would do to findings, clauses and documents; with nothing asked, the gravest category goes.

        ``move_hosting`` is a system's id and the countries, such as ``("shop", "DE; NL")``. Several changes are made
        together. Takes as long as one audit. Raises UsageError for an id that the inventory does not have.
        """
        head, tell = heading("what-if", self.tell("headings", "whatif")), self.tell
        asked = {"drop_category": drop_category, "drop_recipient": drop_recipient, "end_consent": end_consent}
        steps: dict[str, Any] = {name: key for name, key in asked.items() if key}
        steps |= {"move_hosting": move_hosting} if move_hosting else {}
        if not steps:
            steps = {"drop_category": self.gravest()} if self.gravest() else {}
        if not steps:
            return passage(head, paragraphs(tell("whatif", "nothing")))
        changed = self.audit.inventory
        for name, value in steps.items():
            changed = _changed(changed, name, value)
        told = whatif.effect(self.audit, changed)
        return passage(
            head,
            paragraphs(tell("whatif", "text")),
            *(paragraphs(element("strong", self._step(name, value))) for name, value in steps.items()),
            paragraphs(self._counts(told)),
            self._findings("come", told.come),
            self._findings("gone", told.gone),
            self._reasons("clauses", told.clauses),
            self._reasons("documents", told.documents),
            paragraphs(joined([tell("whatif", "ask"), " ", element("code", self._example())])),
        )

    def gravest(self) -> str:
        """Category on which, or on whose fields, the gravest findings stand; empty where there is no category."""
        inv, found = self.audit.inventory, self._found
        held = inv.fields[["category_id"]].assign(table="fields", key=inv.keys["fields"]).dropna()
        keys = inv.keys["categories"]
        own = pd.DataFrame({"table": "categories", "key": keys, "category_id": keys})
        related = found[["severity", "related"]].explode("related").dropna()
        pairs = pd.DataFrame(list(related["related"]), columns=["table", "key"], dtype=object)
        told = pd.concat([found[["table", "key", "severity"]], pairs.assign(severity=related["severity"].to_numpy())])
        met = told.merge(pd.concat([held, own]).astype(object), on=["table", "key"])
        sound = [key for key in sorted(set(map(str, keys))) if not key.startswith("~")]
        counts = pd.crosstab(met["category_id"], met["severity"]).reindex(index=sound, fill_value=0)
        counts = counts.reindex(columns=["critical", "warning"], fill_value=0)
        order = counts.sort_values(["critical", "warning"], ascending=False, kind="stable").index
        return str(order[0]) if len(order) else ""

    # -- parts ------------------------------------------------------------------------------------------------------

    def _example(self) -> str:
        """A cell to run: other countries for the first system, or a category gone where there is none."""
        systems = [str(key) for key in self.audit.inventory.keys["systems"] if not str(key).startswith("~")]
        name, key = ("move", systems[0]) if systems else ("drop", self.gravest())
        return self.tell("whatif", "examples", name, key=key)

    def _step(self, name: str, value: Any) -> str:  # noqa: ANN401 - an id, or an id and countries
        """One change in words, with the name of what is changed."""
        where = {"drop_category": "categories", "drop_recipient": "recipients", "end_consent": "consents"}
        key, countries = value if isinstance(value, tuple) else (value, "")
        called = names(self.audit.inventory, where.get(name, "systems"), pd.Index([key])).iloc[0]
        return self.tell("whatif", "steps", name, name=cut(called, NAME), key=key, countries=countries)

    def _counts(self, told: Effect) -> str:
        changed = {change: int((told.rows["change"] == change).sum()) for change in ("removed", "changed")}
        sizes = {name: len(getattr(told, name)) for name in ("come", "gone", "clauses", "documents")}
        return self.tell("whatif", "counts", **sizes, **changed)

    def _findings(self, name: str, found: pd.DataFrame) -> Markup:
        tell = self.tell
        if found.empty:
            return paragraphs(tell("whatif", "absent", name))
        rows = [
            [
                joined([cut(row.title, SENTENCE), " ", element("span", self._where(row), class_="where")]),
                self._badge(row.severity),
            ]
            for row in found.head(_FINDINGS).itertuples()
        ]
        headings = [tell("whatif", "what"), tell("whatif", "severity")]
        more = len(found) - _FINDINGS
        listed = table(headings, rows, caption=tell("whatif", name))
        return joined([listed, paragraphs(tell("more", n=more) if more > 0 else "", class_="more")])

    def _where(self, row: Any) -> Markup:  # noqa: ANN401 - a namedtuple of pandas
        return element("span", f"{self._table(row.table)} / {cut(mask(str(row.key)), NAME)}", class_="where")

    def _reasons(self, name: str, frame: pd.DataFrame) -> Markup:
        """Clauses or documents that a change touches, and why."""
        tell, own = self.tell, "clause" if name == "clauses" else "document"
        if frame.empty:
            return paragraphs(tell("whatif", "absent", name))
        said = self._said(name, frame[own])
        rows = [
            [cut(mask(key), NAME), text, "; ".join(tell("whatif", "why", reason) for reason in why)]
            for key, text, why in zip(frame[own][:_ROWS], said[:_ROWS], frame["why"][:_ROWS], strict=True)
        ]
        headings = [tell("whatif", own), tell("whatif", "about"), tell("whatif", "reason")]
        more = len(frame) - _ROWS
        listed = table(headings, rows, caption=tell("whatif", name))
        return joined([listed, paragraphs(tell("more", n=more) if more > 0 else "", class_="more")])

    def _said(self, name: str, keys: pd.Series[Any]) -> list[str]:
        """What a clause says, or of which kind a document is, with its version."""
        inv = self.audit.inventory
        frame = inv.tables[name].set_axis(inv.keys[name])
        rows = frame[~frame.index.duplicated()].loc[keys]
        if name == "clauses":
            return [text_of(text) for text in rows["summary"]]
        kinds = [inv.schema.label("document_kind", str(kind), self.audit.lang) for kind in rows["kind"].fillna("")]
        return [" ".join(filter(None, parts)) for parts in zip(kinds, map(text_of, rows["version"]), strict=True)]


def _changed(inv: Inventory, name: str, value: Any) -> Inventory:  # noqa: ANN401 - an id, or an id and countries
    if name == "move_hosting":
        return whatif.move_hosting(inv, *value)
    makers = {
        "drop_category": whatif.drop_category,
        "drop_recipient": whatif.drop_recipient,
        "end_consent": whatif.end_consent,
    }
    return makers[name](inv, value)
