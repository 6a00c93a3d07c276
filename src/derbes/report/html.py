"""A run notebook as one page: HTML that asks nobody for anything and runs nothing but the widget of its tables."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from markupsafe import Markup
from nbconvert.exporters import TemplateExporter
from traitlets.config import Config

from derbes.page import widget
from derbes.page.markup import element
from derbes.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbformat import NotebookNode

_SECTION = re.compile(r'<h2 id="([^"]+)"[^>]*>(.*?)</h2>', re.DOTALL)
_TAGS = re.compile(r"<[^>]*>")
_PRIORITY = ["text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg", "text/latex", "text/plain"]
_TEMPLATE = Path(__file__).with_name("template")


def page(notebook: NotebookNode, *, name: str, title: str, lang: str, beside: Sequence[str] = ()) -> str:
    """One HTML page of the outputs of a notebook, with a list of its sections under the first heading.

    ``beside`` names the notebooks whose pages stand in the same folder, this one among them: with more than one the
    page begins with links to all. Strict Content-Security-Policy, no address outside the page, and no script
    but the widget of searchable tables, where there is one.
    """
    exporter = TemplateExporter(
        config=Config({"NbConvertBase": {"display_data_priority": _PRIORITY}}),
        template_name=_TEMPLATE.name,
        extra_template_basedirs=[str(_TEMPLATE.parent)],
        template_file="index.html.j2",
        exclude_input=True,
    )
    searchable = any(map(widget.wanted, _shown(notebook)))
    script = {"policy": widget.policy(lang), "widget": widget.widget(lang)} if searchable else {}
    say = Wording(lang, "pages")
    head = {
        "title": f"{_label(say, name)} — {title}",
        "lang": lang,
        "style": widget.style(),
        "links": _links(say, name, beside),
    }
    facts: dict[str, Any] = {"page": head | script}
    body, _ = exporter.from_notebook_node(notebook, resources=facts)
    return _with_contents(body.replace("\r\n", "\n"), say("contents"))


def _label(say: Wording, name: str) -> str:
    return str(say.entry("names").get(name, name))


def _links(say: Wording, name: str, beside: Sequence[str]) -> Markup:
    """Links to the pages of one report, this page marked."""
    if len(beside) < 2:  # noqa: PLR2004 - a page alone leads nowhere
        return Markup()
    links = (
        element(
            "a", _label(say, other), href=f"{quote(other)}.html", **{"aria-current": "page" if other == name else None}
        )
        for other in beside
    )
    listed = element("ul", *(element("li", link) for link in links))
    return element("nav", listed, class_="pages", **{"aria-label": say("pages")})


def _shown(notebook: NotebookNode) -> Iterator[str]:
    """HTML of every output."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", []))
    return (output["data"]["text/html"] for output in outputs if "text/html" in output.get("data", {}))


def _with_contents(body: str, name: str) -> str:
    """Put the list of sections under the title, for those who read and those who listen."""
    sections = [(anchor, html.unescape(_TAGS.sub("", text))) for anchor, text in _SECTION.findall(body)]
    items = (element("li", element("a", text, href=f"#{anchor}")) for anchor, text in sections)
    if not sections or "</header>" not in body:
        return body
    nav = element("nav", element("ol", *items), **{"aria-label": name})
    return body.replace("</header>", f"</header>\n{nav}", 1)
