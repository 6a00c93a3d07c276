"""The widget that lets a reader filter and sort tables: DataTables as itables packs it, in the page, without a network.

A page runs no script but these two: a short one that unpacks, and what it unpacks. Both are allowed by their hashes,
which a Content-Security-Policy holds against every other script, wherever it may come from.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from functools import cache
from importlib import resources

from markupsafe import Markup

from derbes.page.markup import element
from derbes.text import words
from derbes.wording import Wording

_EXPORTS = re.compile(r"export\{([^{}]*)\};?")
_DEFAULT = re.compile(r"([\w$]+) as default")
_MARKED = re.compile(r'<table class="[^"]*\bsearchable\b')


def wanted(html: str) -> bool:
    """Whether there is a table in the HTML that a reader may search."""
    return bool(_MARKED.search(html))


@cache
def widget(lang: str) -> Markup:
    """The widget with its words in a language, to stand once in a page or in the outputs of a notebook."""
    packed = base64.b64encode(zlib.compress(_script(lang).encode(), 9)).decode()
    data = element("script", packed, type="text/plain")
    return data + Markup("<script>{}</script>").format(Markup(_unpacking()))  # noqa: S704 - our own script


@cache
def live(lang: str) -> str:
    """What JupyterLab needs besides what a notebook shows: the looks of a report, for this notebook, and the widget."""
    looks = f".jp-Notebook:has(style.derbes) .jp-OutputArea-output {{\n{_own('report.css')}{_own('lab.css')}}}"
    return str(element("style", Markup(looks), class_="derbes") + widget(lang))  # noqa: S704 - our own style


def style() -> str:
    """The looks of a page, light and dark, on a screen and on paper."""
    return f"{_own('colours.css')}{_own('report.css')}".strip()


@cache
def policy(lang: str) -> str:
    """Sources of script for the Content-Security-Policy of a page with the widget: the hashes of its two scripts."""
    return " ".join(f"'sha256-{_hash(script)}'" for script in (_unpacking(), _script(lang)))


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


@cache
def _script(lang: str) -> str:
    """The bundle as a script of its own: a module in the page cannot be imported, and nothing else needs its names."""
    bundle = (resources.files("itables") / "html" / "dt_bundle.js").read_text(encoding="utf-8")
    exports = _EXPORTS.search(bundle)
    name = _DEFAULT.search(exports[1]) if exports else None
    if exports is None or name is None:
        raise ImportError("itables: its bundle has no default export, which derbes takes for DataTable")
    number = Wording(lang, "widget").number
    marks = {"lang": lang, "thousands": number(1000)[1:-3], "decimal": number(1.5)[1:-1]}
    said = json.dumps(words(lang)["widget"] | marks, ensure_ascii=False, sort_keys=True)
    given = f"const DataTable = {name[1]}, WORDS = {said}, STYLE = {json.dumps(_own('tables.css'))};"
    own = f"{{\n{given}\n{_own('tables.js')}}}\n"
    return f'(() => {{\n"use strict";\n{bundle[: exports.start()]}\n{own}{bundle[exports.end() :]}\n}})();\n'


@cache
def _unpacking() -> str:
    return _own("unpack.js")


def _own(name: str) -> str:
    return (resources.files("derbes.page") / "looks" / name).read_text(encoding="utf-8").replace("\r\n", "\n")
