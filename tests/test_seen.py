"""What people see: the workbook through LibreOffice and the page in Chromium, drawn and kept as pictures.

The pictures in docs/pictures are made by these tests: DERBES_PICTURES=docs/pictures python -m pytest tests/test_seen.py
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import LETOILE, ROOT
from PIL import Image

from derbes.quarter import Quarter
from derbes.report import report

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT = ROOT / "docs" / "pictures"
LIMIT = 150_000  # bytes: a README is read on telephones too
TABLE = 3  # the page of the first findings, after two of the cover
CROP = (0, 40, 1180, 790)  # up to the first column to fill in
WINDOW = (1100, 1180)
COLOURS = 96
Q3 = Quarter(2026, 3)

SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")
PDFTOPPM = shutil.which("pdftoppm")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
]  # fmt: skip
CUT = ["--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9"]  # no name is found, nobody answers

ONLY_HERE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
OPEN = "--IdentityProvider.token="  # a server for one picture, on the loopback
LAB_SWITCHES = [
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
]


@pytest.fixture(scope="module", params=["ru", "kk"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    out = tmp_path_factory.mktemp("reports")
    return request.param, report(LETOILE, quarter=Q3, as_of=Q3.last_day, lang=request.param, before="none", out=out)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("DERBES_PICTURES") or tmp_path / "pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def printed(book: Path, folder: Path) -> list[Path]:
    """Pages of a workbook as LibreOffice prints them."""
    own = f"-env:UserInstallation={(folder / 'office').as_uri()}"  # never the settings of whoever runs the tests
    run([str(SOFFICE), "--headless", own, "--convert-to", "pdf", "--outdir", str(folder), str(book)])
    run([str(PDFTOPPM), "-r", "130", "-png", str((folder / book.name).with_suffix(".pdf")), str(folder / "page")])
    return sorted(folder.glob("page-*.png"))


def shot(page: Path, folder: Path) -> Path:
    """A page in a browser that has no network."""
    target = folder / "shot.png"
    asked = [
        f"--user-data-dir={folder / 'browser'}",
        f"--screenshot={target}",
        f"--window-size={WINDOW[0]},{WINDOW[1]}",
    ]
    run([str(CHROMIUM), *QUIET, *CUT, *asked, page.as_uri()])
    return target


def run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")


def kept(source: Path, target: Path, *, crop: tuple[int, int, int, int] | None = None) -> Path:
    """A picture with few colours, as small as a table needs."""
    with Image.open(source) as opened:
        seen = opened.convert("RGB")
        seen = seen.crop(crop) if crop else seen
        seen.quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)
    return target


def ink(picture: Path) -> float:
    """Share of a picture that is not paper."""
    with Image.open(picture) as opened:
        shades = opened.convert("L").histogram()
    return sum(shades[:200]) / sum(shades)


@pytest.mark.skipif(not SOFFICE, reason="LibreOffice (soffice) is not installed")
@pytest.mark.skipif(not PDFTOPPM, reason="poppler (pdftoppm) is not installed")
def test_the_findings_workbook_prints_with_something_on_every_page(
    made: tuple[str, Path], tmp_path: Path, pictures: Path
) -> None:
    lang, folder = made
    pages = printed(folder / "findings.xlsx", tmp_path)
    assert len(pages) > TABLE
    assert all(ink(page) > 0.002 for page in pages)
    cover = kept(pages[0], pictures / f"cover-{lang}.png")
    table = kept(pages[TABLE - 1], pictures / f"findings-{lang}.png", crop=CROP)
    assert all(picture.stat().st_size <= LIMIT for picture in (cover, table))


@pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")
def test_the_page_is_drawn_without_a_network(made: tuple[str, Path], tmp_path: Path, pictures: Path) -> None:
    lang, folder = made
    picture = kept(shot(folder / "audit.html", tmp_path), pictures / f"audit-{lang}.png")
    with Image.open(picture) as opened:
        assert opened.size == WINDOW
    assert ink(picture) > 0.01
    assert picture.stat().st_size <= LIMIT


@contextmanager
def lab(folder: Path) -> Iterator[str]:
    """Address of a JupyterLab of our own on the loopback, with the switches of `make lab`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = {name: str(folder / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    asked = ["--no-browser", "--ip=127.0.0.1", f"--port={port}", "--port-retries=0", "--allow-root", OPEN]
    command = [sys.executable, "-m", "jupyterlab", f"--notebook-dir={folder / 'notebooks'}", *asked, *LAB_SWITCHES]
    with (folder / "lab.log").open("wb") as log, subprocess.Popen(command, env=os.environ | home, stderr=log) as server:
        try:
            wait(port, server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def wait(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(120):
        assert server.poll() is None
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    pytest.fail("JupyterLab did not start in a minute")


@pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")
@pytest.mark.skipif(not find_spec("jupyterlab"), reason="JupyterLab is not installed")
def test_the_notebook_of_a_report_opens_in_jupyterlab(made: tuple[str, Path], tmp_path: Path, pictures: Path) -> None:
    lang, folder = made
    served = tmp_path / "notebooks"
    served.mkdir()
    ran = (folder / "audit.ipynb").read_text(encoding="utf-8")  # a kept picture shows no path of whoever made it
    (served / "audit.ipynb").write_text(ran.replace(f"{ROOT}{os.sep}", ""), encoding="utf-8")
    with lab(tmp_path) as address:
        target = tmp_path / "lab.png"
        asked = [f"--user-data-dir={tmp_path / 'browser'}", f"--screenshot={target}", "--window-size=1300,1000"]
        patient = "--virtual-time-budget=30000"  # milliseconds in which the page may build itself
        run([str(CHROMIUM), *QUIET, ONLY_HERE, patient, *asked, f"{address}/lab/tree/audit.ipynb"])
    picture = kept(target, pictures / f"lab-{lang}.png")
    assert ink(picture) > 0.01
    assert picture.stat().st_size <= LIMIT


class Asked(HTMLParser):
    """Addresses that a page names, and the policy it puts on itself."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.policy = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.addresses += [said[name] or "" for name in ("src", "href", "srcset", "action", "data") if name in said]
        if tag == "meta" and said.get("http-equiv") == "Content-Security-Policy":
            self.policy = said["content"] or ""


def test_the_page_names_no_address_but_its_own(made: tuple[str, Path]) -> None:
    asked = Asked((made[1] / "audit.html").read_text(encoding="utf-8"))
    assert asked.addresses
    assert not [address for address in asked.addresses if not re.match(r"data:|#", address)]
    assert "default-src 'none'" in asked.policy


def test_the_pictures_that_are_kept_are_light() -> None:
    sizes = {path.name: path.stat().st_size for path in KEPT.glob("*.png")}
    assert {f"{what}-{lang}.png" for what in ("audit", "cover", "findings", "lab") for lang in ("ru", "kk")} == set(
        sizes
    )
    assert max(sizes.values()) <= LIMIT
