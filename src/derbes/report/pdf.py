"""A page as PDF: printed by a browser that this machine has, without a network, in a profile that is thrown away."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

SECONDS = 60
_NAMES = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge"
)  # fmt: skip
_WINDOWS = (
    "Google/Chrome/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe", "Chromium/Application/chrome.exe"
)  # fmt: skip
_MAC = ("Google Chrome", "Chromium", "Microsoft Edge")
_SWITCHES = (
    "--headless", "--disable-gpu", "--no-first-run", "--no-default-browser-check", "--disable-extensions",
    "--disable-sync", "--disable-background-networking", "--disable-component-update", "--disable-domain-reliability",
    "--disable-quic", "--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9",
    "--no-pdf-header-footer", "--generate-pdf-document-outline",
)  # fmt: skip
_TIMES = re.compile(rb"(/(?:CreationDate|ModDate) \(D:)\d{14}")


def browser() -> str | None:
    """Path of a Chromium, Chrome or Edge of this machine; None where there is none."""
    named = next(filter(None, map(shutil.which, _NAMES)), None)
    homes = [os.environ.get(name) for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")]
    usual = [Path(home, name) for home in homes if home for name in _WINDOWS] + [
        Path(f"/Applications/{name}.app/Contents/MacOS/{name}") for name in _MAC
    ]
    return named or next((str(path) for path in usual if path.is_file()), None)


class Printing:
    """A page on its way to paper, while the rest of the report is made."""

    def __init__(self, process: subprocess.Popen[bytes] | None, printed: Path, target: Path) -> None:
        self._process = process
        self._printed = printed
        self._target = target

    def finish(self, day: dt.date) -> bool:
        """Whether there is a PDF now; it names the day instead of the minute, so that equal pages give equal files."""
        if self._process is None:
            return False
        try:
            code = self._process.wait(SECONDS)
            content = self._printed.read_bytes() if code == 0 else b""
        except (OSError, subprocess.TimeoutExpired):
            content = b""
        if not content.startswith(b"%PDF-"):
            return False
        self._target.write_bytes(_TIMES.sub(rb"\g<1>" + f"{day:%Y%m%d}000000".encode(), content))
        return True


@contextlib.contextmanager
def printing(html: str, target: Path) -> Iterator[Printing]:
    """Printing of a page, begun at once; what fails, or takes more than a minute, gives no PDF and harms nothing.

    The page should run no script: whether one came to its end before the paper did must not matter. The browser writes
    beside its profile, not into the report: one that is late may do so when the report is sealed.
    """
    with tempfile.TemporaryDirectory(prefix="derbes-", ignore_cleanup_errors=True) as profile:
        page = Path(profile, "page.html")
        page.write_text(html, encoding="utf-8", newline="\n")
        printed = page.with_suffix(".pdf")
        process = _begun(page, printed, profile)
        try:
            yield Printing(process, printed, target)
        finally:
            if process is not None:
                with contextlib.suppress(OSError):
                    process.kill()
                process.wait()


def _begun(page: Path, target: Path, profile: str) -> subprocess.Popen[bytes] | None:
    program = browser()
    if program is None:
        return None
    # a browser refuses to put root into its sandbox; what it opens here is our own page, which asks for nothing
    root = ["--no-sandbox"] if sys.platform != "win32" and os.geteuid() == 0 else []
    asked = [f"--user-data-dir={profile}", f"--print-to-pdf={target.resolve()}", page.resolve().as_uri()]
    quiet = subprocess.DEVNULL
    try:
        return subprocess.Popen([program, *_SWITCHES, *root, *asked], stdin=quiet, stdout=quiet, stderr=quiet)  # noqa: S603
    except OSError:
        return None
