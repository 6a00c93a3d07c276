"""The widget of tables: two scripts, known by their hashes, and nothing that could differ between two pages."""

from __future__ import annotations

import base64
import hashlib
import re
import zlib

import pytest

from derbes.page import widget
from derbes.page.markup import day, ordered, table
from derbes.text import LANGUAGES, words


def scripts(lang: str) -> tuple[str, str]:
    """The script that unpacks and the one that it unpacks, as they stand in a page."""
    packed, unpacking = re.findall(r"<script[^>]*>(.*?)</script>", str(widget.widget(lang)), re.DOTALL)
    return unpacking, zlib.decompress(base64.b64decode(packed)).decode()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_policy_allows_these_two_scripts_and_no_other(lang: str) -> None:
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts(lang)]
    assert widget.policy(lang) == " ".join(f"'sha256-{digest}'" for digest in digests)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_words_of_the_widget_are_those_of_the_language(lang: str) -> None:
    assert words(lang)["widget"]["zeroRecords"] in scripts(lang)[1]


def test_the_bundle_is_whole_with_its_licences() -> None:
    assert "SpryMedia" in scripts("en")[1]
    assert "export{" not in scripts("en")[1]


def test_the_widget_is_light() -> None:
    assert len(widget.widget("kk")) < 260_000


def test_only_a_table_that_is_marked_asks_for_the_widget() -> None:
    asked = table(["a"], [["b"]], caption="c", searchable=True)
    assert widget.wanted(asked)
    assert widget.wanted(table(["a"], [["b"]], caption="c", class_="findings", searchable=True))
    assert not widget.wanted(table(["a"], [['<table class="searchable">']], caption="c"))


def test_what_is_sorted_by_something_else_than_its_words_says_so() -> None:
    assert ordered("<1>", 0, class_="badge") == '<data value="0" class="badge">&lt;1&gt;</data>'
    assert day("30 September", "2026-09-30 00:00:00") == '<time datetime="2026-09-30">30 September</time>'
