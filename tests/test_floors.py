"""The house: floors and walls, sizes, words in three languages, and a machine that speaks to nobody."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from conftest import DEMO, ROOT

from derbes import rules as rulebook
from derbes.rules import PUBLISHED
from derbes.telling import reason
from derbes.text import LANGUAGES, data, slots, words

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = ROOT / "src" / "derbes"
CODE = sorted([*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py")])
FILE, FUNCTION, ARGUMENTS = 400, 40, 4
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc", "shared"}
CYRILLIC = re.compile("[\u0400-\u052f]")


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    tool = Path(sys.executable).parent / command[0]
    return subprocess.run([tool, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def test_floors_and_walls_stand() -> None:
    done = _run("lint-imports", "--no-cache")
    assert done.returncode == 0, done.stdout + done.stderr


def test_style_is_clean() -> None:
    done = _run("ruff", "check", "src", "tests", "--output-format", "concise")
    assert done.returncode == 0, done.stdout


def test_types_are_clean() -> None:
    done = _run("mypy")
    assert done.returncode == 0, done.stdout


def test_no_file_is_long() -> None:
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in CODE}
    assert [f"{path.relative_to(ROOT)}: {size}" for path, size in sizes.items() if size > FILE] == []


def test_no_function_is_long() -> None:
    sizes = [(path, f.name, (f.end_lineno or 0) - f.lineno + 1) for path in CODE for f in _functions(path)]
    assert [f"{path.name}, {name}: {size}" for path, name, size in sizes if size > FUNCTION] == []


def test_no_function_takes_many_positional_arguments() -> None:
    long = []
    for path in CODE:
        lines = path.read_text(encoding="utf-8").splitlines()
        for function in _functions(path):
            named = [arg.arg for arg in (*function.args.posonlyargs, *function.args.args)]
            imposed = "PLR0917" in lines[function.lineno - 1]  # another library's signature, and said so
            if len([name for name in named if name not in {"self", "cls"}]) > ARGUMENTS and not imposed:
                long.append(f"{path.name}, {function.name}: {', '.join(named)}")
    assert long == []


def test_words_live_in_data_and_not_in_code() -> None:
    found = [f"{p.relative_to(ROOT)}" for p in CODE if CYRILLIC.search(p.read_text(encoding="utf-8"))]
    assert found == []


def test_modules_bear_the_names_of_what_they_hold() -> None:
    assert [path for path in CODE if path.stem in VAGUE_NAMES] == []


def _public(owner: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    for node in owner.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            yield node
            yield from _public(node) if isinstance(node, ast.ClassDef) else ()


def test_everything_public_says_what_one_gets() -> None:
    trees = {path.name: ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")}
    silent = [
        f"{name}, {node.name}" for name, tree in trees.items() for node in _public(tree) if not ast.get_docstring(node)
    ]
    assert silent + [name for name, tree in trees.items() if not ast.get_docstring(tree)] == []


def _leaves(tree: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Texts by their place; a list is one text, since languages differ in their numbers of plural forms."""
    if isinstance(tree, dict) or (isinstance(tree, list) and isinstance(tree[0], dict)):
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from _leaves(value, f"{place}.{key}")
    else:
        yield place, " ".join(map(str, tree)) if isinstance(tree, list) else str(tree)


@pytest.mark.parametrize("lang", ["kk", "en"])
def test_the_words_are_there_in_every_language(lang: str) -> None:
    russian, other = dict(_leaves(words("ru"))), dict(_leaves(words(lang)))
    assert set(other) == set(russian)
    assert {key for key, text in russian.items() if _asks(text) != _asks(other[key])} == set()


def _asks(text: str) -> set[str]:
    """Slots of a text; the number of a quarter is a roman one in some languages."""
    return {{"roman": "number"}.get(slot, slot) for slot in slots(text)}


def _reason_codes() -> set[str]:
    """Codes by which the reader says why a file or sheet was left out, as they stand in its code."""
    codes = set()
    for path in (PACKAGE / "read").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func).rpartition(".")[2]
                said = {"refusal": node.args[1:2], "_RefusedError": node.args[:1]}.get(name, [])
                said += [word.value for word in node.keywords if word.arg in {"reason", "code"}]
                codes |= {code.value for code in said if isinstance(code, ast.Constant) and isinstance(code.value, str)}
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "reason":
                codes |= set(re.findall(r"'([a-z_]+)'", ast.unparse(node.value)))
            elif isinstance(node, ast.FunctionDef) and node.name == "_reason":
                returned = [one.value for one in ast.walk(node) if isinstance(one, ast.Return)]
                codes |= {text for one in returned if one for text in re.findall(r"'([a-z_]{3,})'", ast.unparse(one))}
    return codes - {"_"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_reason_has_words(lang: str) -> None:
    assert len(_reason_codes()) > 8
    assert sorted(code for code in _reason_codes() if reason(code, lang) == code) == []


def test_no_word_is_empty() -> None:
    assert [(lang, key) for lang in LANGUAGES for key, text in _leaves(words(lang)) if not text.strip()] == []


@cache
def _wordings() -> list[tuple[str, dict[str, str]]]:
    """Everything that is written in three languages beside one another, in the data of the package."""
    heard = {"periods.yaml", "placeholders.yaml", "mailboxes.yaml", "glossary.yaml"}  # what is understood, never said
    paths = sorted(path for path in PACKAGE.rglob("*.yaml") if path.name not in heard)
    trees = {path: yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) for path in paths}
    return [wording for path, tree in trees.items() for wording in _triples(tree, path.name)]


def _triples(tree: Any, place: str) -> Iterator[tuple[str, dict[str, str]]]:
    if isinstance(tree, dict) and set(tree) & set(LANGUAGES) and all(isinstance(v, str) for v in tree.values()):
        yield place, tree
        return
    branches = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in branches:
        name = value.get("id", key) if isinstance(value, dict) else key
        yield from _triples(value, f"{place}.{name}")


def test_what_is_said_in_one_language_is_said_in_all() -> None:
    lacking = []
    for place, said in _wordings():
        official = place.endswith(".replacement") or place.startswith(
            ("list.yaml", "registers.yaml")
        )  # in the languages of the state
        needed = PUBLISHED if official else LANGUAGES
        lacking += [place] if ".titles." not in place and set(said) != set(needed) else []
    assert lacking == []


def test_placeholders_are_the_same_in_every_language() -> None:
    odd = []
    for place, said in _wordings():
        asked = {lang: {slot.replace(f"_{lang}", "_*") for slot in slots(text)} for lang, text in said.items()}
        odd += [place] if len(set(map(frozenset, asked.values()))) > 1 else []
    assert odd == []


def test_russian_stays_out_of_the_english_words() -> None:
    said = [(place, text["en"]) for place, text in _wordings() if "en" in text]
    said += [*_leaves(words("en"))]
    # numbers of orders bear a Cyrillic mark, and no translation
    assert [place for place, text in said if CYRILLIC.search(re.sub("\u041d\u049a|\u0424\u0417", "", text))] == []


def test_the_kazakh_words_are_not_the_russian_ones() -> None:
    long = [(place, said) for place, said in _wordings() if " " in said.get("ru", "") and len(said["ru"]) > 40]
    assert [place for place, said in long if said["ru"] == said.get("kk")] == []


@cache
def _said() -> list[tuple[str, dict[str, str]]]:
    """Every text with its translations: those of the data, and those of the reports."""
    reports = {lang: dict(_leaves(words(lang))) for lang in LANGUAGES}
    said = [(place, {lang: texts.get(place, "") for lang, texts in reports.items()}) for place in reports["ru"]]
    return [*_wordings(), *said]


@pytest.mark.parametrize("term", data("glossary")["terms"], ids=lambda term: term["kk"])
def test_translations_use_the_terms_of_the_law(term: dict[str, str]) -> None:
    spoken = [
        (place, said.get("kk", ""))
        for place, said in _said()
        if re.search(term["ru"], said.get("ru", ""), re.IGNORECASE)
    ]
    assert spoken
    assert [place for place, kazakh in spoken if not re.search(term["kk"], kazakh, re.IGNORECASE)] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_words_that_the_law_does_not_use_are_not_used(lang: str) -> None:
    never = re.compile("|".join(data("glossary")["never"][lang]), re.IGNORECASE)
    assert [place for place, said in _said() if never.search(said.get(lang, ""))] == []


LISTENER = """
import json, sys
heard = []
def hear(event, args):
    if event in {"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname", "socket.bind"}:
        heard.append([event, repr(args[-1] if event != "socket.getaddrinfo" else args[0])])
sys.addaudithook(hear)
import derbes
derbes.audit(sys.argv[1], as_of="2026-09-30", before="none")
print(json.dumps(heard))
"""


def test_an_audit_speaks_to_no_machine() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LISTENER, str(DEMO)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    heard = json.loads(done.stdout)
    # urllib3 asks at import whether the machine has IPv6 by binding to its own address
    assert [entry for entry in heard if "::1" not in entry[1] and "127.0.0.1" not in entry[1]] == []


def test_every_rule_says_where_its_reader_is_to_look() -> None:
    asked = [(rule.id, slots(text)) for rule in rulebook.shipped("kz") for text in rule.title.values()]
    assert [name for name, asks in asked if not asks] == []
