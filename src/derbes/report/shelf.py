"""Where the notebooks lie: in the installed package, or beside the sources of a checkout."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from derbes.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable


def found(names: Iterable[str]) -> dict[str, Path]:
    """Paths of notebooks by name; a name that ends in .ipynb is a path. Raises UsageError."""
    shipped = {path.stem: path for path in sorted(_folder().glob("*.ipynb"))}
    return dict(_one(name, shipped) for name in names)


def _one(name: str, shipped: dict[str, Path]) -> tuple[str, Path]:
    path = Path(name)
    if path.suffix == ".ipynb" and path.is_file():
        return path.stem, path
    if name not in shipped:
        known = f"Known: {', '.join(shipped)}." if shipped else "Reinstall derbes."
        raise UsageError("notebook", f"there is no notebook {name}", did_you_mean(name, shipped) or known)
    return name, shipped[name]


def _folder() -> Path:
    """The notebooks as installed with the package, or beside the sources in a checkout."""
    package = Path(str(resources.files("derbes")))
    installed = package / "notebooks"
    return installed if installed.is_dir() else package.parent.parent / "notebooks"
