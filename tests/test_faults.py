"""Runs that die or fail anywhere: afterwards there is the old state or the new one, and the next run goes its way."""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import random
import shutil
import sys
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

import pytest
from conftest import write_tables
from packing import deal
from returning import ACCEPT, answer, audited, one, sent, tables

if sys.platform == "win32":
    pytest.skip("kill -9 and fork are matters of POSIX", allow_module_level=True)

from faulty import Warm

from derbes import decisions, seal
from derbes.cli import main
from derbes.snapshot import SUMS, broken_sums

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from faulty import Ended

QUICK = ("--notebook", "audit", "--no-pdf")
KILLS = {"report": 4, "decide": 6, "freeze": 10, "merge": 10}
FULL, REFUSED = errno.ENOSPC, errno.EACCES


def run(*words: object) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        assert not main([*map(str, words)], standalone_mode=False)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@dataclass
class Scene:
    """A verb, the folder that it changes, and what is known of the states that it may leave.

    ``look`` raises where the state is neither the old one nor the new, and says which it is; ``reset`` brings back the
    old one, and leaves what a killed run has left beside it.
    """

    words: list[object]
    root: Path
    look: Callable[[], str]
    reset: Callable[[], None]


def reporting(folder: Path) -> Scene:
    home = write_tables(folder / "inventory", tables())
    asked = ["report", home, "--quarter", "2026Q3", "--before", "none", "--out", folder / "reports", *QUICK]
    run(*asked, "--lang", "en")
    target = folder / "reports" / "shop-kz" / "2026Q3"
    kept = shutil.copytree(target, folder / "kept")
    old = contents(kept)

    def look() -> str:
        there = target if target.exists() else target.with_name(".2026Q3.old")  # between the two renames
        assert seal.verify(there).holds
        assert {path.name for path in target.parent.iterdir() if path.name[0] != "."} <= {"2026Q3", "2026Q3.failed"}
        return "old" if contents(there) == old else "new"

    def reset() -> None:
        shutil.rmtree(target)
        shutil.copytree(kept, target)

    return Scene([*asked, "--lang", "kk"], target.parent, look, reset)


def deciding(folder: Path) -> Scene:
    home = write_tables(folder / "inventory", tables())
    ever, book = one(audited(home), "kz.retention.unlimited", "ever"), sent(home)
    run("decide", answer(book, {ever: ACCEPT}, out=folder / "a.xlsx"), "--inventory", home, "--who", "clerk")
    later = answer(book, {ever: ACCEPT | {"decision": "fix"}}, out=folder / "b.xlsx")
    path = home / decisions.FILE
    old = path.read_bytes()

    def look() -> str:
        log, now = decisions.read(home), path.read_bytes()
        assert (log.faults, now.startswith(old), now.endswith(b"\n")) == ((), True, True)
        assert {len(row) for row in csv.reader(io.StringIO(now.decode()))} == {len(decisions.COLUMNS)}
        assert len(log.entries) == (1 if now == old else 2)
        return "old" if now == old else "new"

    words = ["decide", later, "--inventory", home, "--who", "clerk", "--settle"]
    return Scene(words, home, look, lambda: path.write_bytes(old) and None)


def freezing(folder: Path) -> Scene:
    home = write_tables(folder / "inventory", tables())
    run("freeze", home, "--quarter", "2026Q2")
    before = contents(home / "history" / "2026Q2")
    target = home / "history" / "2026Q3"

    def look() -> str:
        assert contents(home / "history" / "2026Q2") == before
        assert {path.name for path in target.parent.iterdir() if path.name[0] != "."} <= {"2026Q2", "2026Q3"}
        if not target.exists():
            return "old"
        assert (broken_sums(target), (target / SUMS).read_bytes()) == ([], before[SUMS])
        return "new"

    words = ["freeze", home, "--quarter", "2026Q3"]
    return Scene(words, target.parent, look, lambda: shutil.rmtree(target, ignore_errors=True))


def merging(folder: Path) -> Scene:
    home = write_tables(folder / "inventory", tables())
    dealt = deal(home, folder / "packs")
    dealt.answer("systems", "shop", name="Shops")
    dealt.answer("fields", "phone", label="Phones")
    words: list[object] = ["merge", folder / "packs", "--into", home, "--apply"]
    names = ("systems.csv", "fields.csv")
    old = {name: (home / name).read_bytes() for name in names}
    run(*words)
    new = {name: (home / name).read_bytes() for name in names}
    assert all(old[name] != new[name] for name in names)
    rest = {name: content for name, content in contents(home).items() if name.endswith(".csv") and name not in names}

    def look() -> str:
        now = contents(home)
        assert {name: now[name] for name in rest} == rest
        assert all(now[name] in (old[name], new[name]) for name in names)
        assert {name for name in now if name[0] != "."} == {*rest, *names}
        return "new" if all(now[name] == new[name] for name in names) else "old"

    def reset() -> None:
        for name in names:
            (home / name).write_bytes(old[name])

    reset()
    return Scene(words, home, look, reset)


SCENES = {"report": reporting, "decide": deciding, "freeze": freezing, "merge": merging}


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    folder = tmp_path_factory.mktemp("warm")
    home = write_tables(folder / "inventory", tables())
    with Warm(folder, ["report", home, "--quarter", "2026Q3", "--out", folder / "reports", *QUICK]) as process:
        yield process


def ordinary(warm: Warm, scene: Scene) -> Ended:
    """A run that nothing disturbs: the new state comes of it, or it says that this is there already."""
    frozen = scene.words[0] == "freeze" and scene.look() == "new"
    done = warm.run(*scene.words, root=scene.root)
    assert (done.code, scene.look()) == (2 if frozen else 0, "new"), done.said
    return done


def left(scene: Scene) -> list[str]:
    """What lies hidden in the folder, but for the locks, which are kept."""
    return [path.name for path in scene.root.iterdir() if path.name[0] == "." and path.suffix != ".lock"]


@pytest.mark.parametrize("verb", KILLS)
def test_killed_at_any_time_it_leaves_the_old_state_or_the_new(warm: Warm, verb: str, tmp_path: Path) -> None:
    scene, chance = SCENES[verb](tmp_path), random.Random(verb)  # noqa: S311 - the same moments every time
    scene.reset()
    takes = ordinary(warm, scene).took
    for number in range(KILLS[verb]):
        after = takes * (number + chance.random()) / KILLS[verb]
        scene.reset()
        while warm.kill(*scene.words, after=after).code != -9:  # done before, as it is on a machine that is idle now
            after *= 0.8
            scene.reset()
        scene.look()
        ordinary(warm, scene)
        assert left(scene) == []


@pytest.mark.parametrize("verb", SCENES)
def test_killed_while_it_puts_things_in_place_it_leaves_the_old_state_or_the_new(
    warm: Warm, verb: str, tmp_path: Path
) -> None:
    scene = SCENES[verb](tmp_path)
    scene.reset()
    steps = ordinary(warm, scene).steps
    renames = {number for number, step in enumerate(steps, 1) if step.startswith("os.rename") and ".xlsx" not in step}
    assert renames
    for number in sorted({*renames, *(number + 1 for number in renames)}):
        scene.reset()
        assert warm.run(*scene.words, root=scene.root, step=number).code == -9
        scene.look()
        ordinary(warm, scene)
        assert left(scene) == []


def moments(steps: list[str], verb: str) -> list[int]:
    """Numbers of the changes to refuse: all; of a report, where each costs a second, the first of a kind."""
    if verb != "report":
        return list(range(1, len(steps) + 1))
    first: dict[str, int] = {}
    for number, step in enumerate(steps, 1):
        what, _, path = step.partition(" ")
        made = what == "open" and not path.endswith(".png")
        first.setdefault(step if made or what == "os.rename" else what, number)
    return [number for number in first.values() if number < first["fsync"] or "open" not in steps[number - 1]]


#: Changes without which a run still comes to its end: clearing up, and what is there already.
SPARED = {"os.remove", "os.rmdir", "os.mkdir"}


@pytest.mark.parametrize("verb", SCENES)
def test_a_change_that_is_refused_is_said_in_a_line_and_leaves_the_old_state(
    warm: Warm, verb: str, tmp_path: Path
) -> None:
    scene = SCENES[verb](tmp_path)
    scene.reset()
    steps = ordinary(warm, scene).steps
    for number, why in zip(moments(steps, verb), cycle([FULL, REFUSED]), strict=False):
        scene.reset()
        done, what = warm.run(*scene.words, root=scene.root, step=number, errno=why), steps[number - 1]
        if done.code == 0:
            assert (scene.look(), what.split()[0] in SPARED or what.endswith(".lock")) == ("new", True), what
        else:
            assert (done.code, scene.look(), left(scene)) == (2, "old", []), (what, done.said)
            assert done.said.count("\n") == 1, done.said
    ordinary(warm, scene)
    assert left(scene) == []


@pytest.mark.parametrize("verb", ["decide", "freeze", "merge"])
def test_a_disk_that_is_full_is_said_in_a_line_and_leaves_the_old_state(warm: Warm, verb: str, tmp_path: Path) -> None:
    """A report on a full disk: test_bad_input."""
    scene = SCENES[verb](tmp_path)
    for room in (0, 1, 100):
        scene.reset()
        done = warm.run(*scene.words, root=scene.root, room=room)
        assert (done.code, scene.look(), done.said.count("\n"), left(scene)) == (2, "old", 1, []), done.said
    ordinary(warm, scene)
