"""Where the notebooks lie: in the installed package, or beside the sources of a checkout."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from derbes.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable


ORDER = ("audit", "explore", "policy", "retention", "subject", "changes")  # as one reads them


def shipped() -> tuple[str, ...]:
    """Names of the notebooks that come with derbes, in the order in which one reads them."""
    return tuple(sorted(_shipped(), key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name)))


def found(names: Iterable[str]) -> dict[str, Path]:
    """Paths of notebooks by name; a name that ends in .ipynb is a path. Raises UsageError."""
    known = _shipped()
    chosen: dict[str, Path] = {}
    for name, path in (_one(asked, known) for asked in names):
        if chosen.setdefault(name, path).resolve() != path.resolve():
            raise UsageError("notebook", f"two are called {name}", "Rename one: their pages would have one name.")
    return chosen


def _shipped() -> dict[str, Path]:
    return {path.stem: path for path in sorted(_folder().glob("*.ipynb"))}


def _one(name: str, known: dict[str, Path]) -> tuple[str, Path]:
    path = Path(name)
    if path.suffix == ".ipynb" and path.is_file():
        return path.stem, path
    if name not in known:
        others = f"Known: {', '.join(known)}." if known else "Reinstall derbes."
        raise UsageError("notebook", f"there is no notebook {name}", did_you_mean(name, known) or others)
    return name, known[name]


def _folder() -> Path:
    """The notebooks as installed with the package, or beside the sources in a checkout."""
    package = Path(str(resources.files("derbes")))
    installed = package / "notebooks"
    return installed if installed.is_dir() else package.parent.parent / "notebooks"
