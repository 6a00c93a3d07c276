"""Which row of one table is which row of another: by id first, then by likeness, which is a guess."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from derbes.inventory import Inventory

#: Share of filled cells that two rows must have in common to pass for one row under another id.
ALIKE = 0.6
#: Cells in common below which likeness says nothing: two rows with one word each are alike by chance.
_EVIDENCE = 3
#: Pairs of rows that are compared cell by cell; beyond, only rows of equal content are paired.
_PAIRS = 4_000_000


def paired(old: Inventory, new: Inventory, table: str) -> pd.DataFrame:
    """One row a pair: ``old`` and ``new`` positions (-1 where there is none), ``likeness`` of a guess, else missing.

    Rows of one id pair in the order of their content, so that the order of the sheet does not matter.
    """
    left, right = (_numbered(inv, table) for inv in (old, new))
    both = left.merge(right, on=["key", "nth"], how="outer", suffixes=("_old", "_new"))
    both = both.rename(columns={"at_old": "old", "at_new": "new"})[["old", "new"]]
    known = both.dropna().astype(int).assign(likeness=np.nan)
    gone = both.loc[both["new"].isna(), "old"].to_numpy(dtype=int)
    come = both.loc[both["old"].isna(), "new"].to_numpy(dtype=int)
    guessed = _guessed(_cells(old, table, gone), _cells(new, table, come))
    guesses = pd.DataFrame(
        {"old": gone[guessed["old"]], "new": come[guessed["new"]], "likeness": guessed["likeness"].to_numpy()}
    )
    gone, come = np.setdiff1d(gone, guesses["old"]), np.setdiff1d(come, guesses["new"])
    rest = [pd.DataFrame({"old": gone, "new": -1}), pd.DataFrame({"old": -1, "new": come})]
    parts = [part for part in (known, guesses, *rest) if len(part)]
    both = pd.concat(parts, ignore_index=True) if parts else known
    return both.reindex(columns=["old", "new", "likeness"])


def _numbered(inv: Inventory, table: str) -> pd.DataFrame:
    """Keys of a table with a number for each time one is repeated."""
    keys = pd.Series(inv.keys[table], dtype=object)
    frame = pd.DataFrame({"key": keys, "at": keys.index, "nth": 0})
    twice = keys.duplicated(keep=False)
    if twice.any():
        content = pd.util.hash_pandas_object(inv.raw[table][twice], index=False)
        order = frame[twice].assign(content=content).sort_values(["key", "content"])
        frame.loc[order.index, "nth"] = order.groupby("key").cumcount()
    return frame


def _cells(inv: Inventory, table: str, positions: np.ndarray) -> np.ndarray:
    """Texts of those rows without their ids and notes, one row a row; an empty cell is an empty text."""
    columns = [name for name in inv.raw[table] if name not in {inv.schema.tables[table].key, "note"}]
    return np.array([inv.texts[table][name][positions] for name in columns], dtype=object).T.reshape(
        len(positions), len(columns)
    )


def _guessed(gone: np.ndarray, come: np.ndarray) -> pd.DataFrame:
    """Pairs of rows alike enough, each row in one pair, the likest first."""
    if not len(gone) or not len(come):
        return pd.DataFrame({"old": [], "new": [], "likeness": []}).astype({"old": int, "new": int})
    scores = _scores(gone, come) if len(gone) * len(come) <= _PAIRS else _equal(gone, come)
    best = scores.sort_values(["likeness", "old", "new"], ascending=[False, True, True])
    taken: tuple[set[int], set[int]] = (set(), set())
    chosen = []
    for index, pair in zip(best.index, zip(best["old"], best["new"], strict=True), strict=True):
        if pair[0] not in taken[0] and pair[1] not in taken[1]:
            chosen.append(index)
            taken[0].add(pair[0])
            taken[1].add(pair[1])
    return best.loc[chosen]


def _scores(gone: np.ndarray, come: np.ndarray) -> pd.DataFrame:
    same = np.zeros((len(gone), len(come)), dtype=np.int16)
    filled = np.zeros_like(same)
    for column in range(gone.shape[1]):
        one, other = (
            pd.factorize(np.concatenate([gone[:, column], come[:, column]]))[0][part]
            for part in (slice(None, len(gone)), slice(len(gone), None))
        )
        said, told = gone[:, column] != "", come[:, column] != ""
        same += (one[:, None] == other[None, :]) & said[:, None]
        filled += said[:, None] | told[None, :]
    likeness = same / np.maximum(filled, 1)
    old, new = np.nonzero((likeness >= ALIKE) & (same >= _EVIDENCE))
    return pd.DataFrame({"old": old, "new": new, "likeness": likeness[old, new]})


def _equal(gone: np.ndarray, come: np.ndarray) -> pd.DataFrame:
    """Rows of equal content, where there are too many to compare each with each."""
    sides = [_hashed(cells) for cells in (gone, come)]
    both = sides[0].merge(sides[1], on=["content", "nth"], suffixes=("_old", "_new"))
    return pd.DataFrame({"old": both["at_old"], "new": both["at_new"], "likeness": 1.0})


def _hashed(cells: np.ndarray) -> pd.DataFrame:
    frame = pd.DataFrame(cells)
    content: pd.Series[Any] = pd.util.hash_pandas_object(frame, index=False)
    filled = (frame != "").sum(axis=1) >= _EVIDENCE
    kept = pd.DataFrame({"content": content, "at": frame.index})[filled]
    return kept.assign(nth=kept.groupby("content").cumcount())
