"""What people see: the workbook through LibreOffice and the page in Chromium, drawn and kept as pictures.

The pictures in docs/pictures are made by these tests: DERBES_PICTURES=docs/pictures python -m pytest tests/test_seen.py
"""

from __future__ import annotations

import json
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
from typing import TYPE_CHECKING, Any

import pytest
from browsing import CHROMIUM, Watch, browser
from conftest import LETOILE, ROOT
from PIL import Image

from derbes.quarter import Quarter
from derbes.report import report
from derbes.report.shelf import shipped
from derbes.text import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

KEPT = ROOT / "docs" / "pictures"
LIMIT = 150_000  # bytes: a README is read on telephones too
TABLE = 3  # the page of the first findings, after two of the cover
CROP = (0, 40, 1180, 790)  # up to the first column to fill in
WINDOW = (1100, 1180)
COLOURS = 96
Q3 = Quarter(2026, 3)

SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")
PDFTOPPM = shutil.which("pdftoppm")
MAKE = shutil.which("make")
QUIET = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
]  # fmt: skip
CUT = ["--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9"]  # no name is found, nobody answers

OPEN = "--IdentityProvider.token="  # a server for one picture, on the loopback


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
@pytest.mark.parametrize("name", shipped())
def test_a_page_is_drawn_without_a_network(made: tuple[str, Path], name: str, tmp_path: Path, pictures: Path) -> None:
    lang, folder = made
    picture = kept(shot(folder / f"{name}.html", tmp_path), pictures / f"{name}-{lang}.png")
    with Image.open(picture) as opened:
        assert opened.size == WINDOW
    assert ink(picture) > 0.01
    assert picture.stat().st_size <= LIMIT


@contextmanager
def lab(folder: Path, lang: str) -> Iterator[str]:
    """Address of the notebook that `make lab` opens, in a checkout of its own, on the loopback."""
    shutil.copytree(ROOT / "inventory" / "letoile-kz", folder / "inventory" / "letoile-kz")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    shutil.copy(ROOT / "Makefile", folder)
    for notebook in (folder / "notebooks").glob("*.ipynb"):
        chosen = notebook.read_text(encoding="utf-8").replace('lang: str = \\"ru\\"', f'lang: str = \\"{lang}\\"')
        notebook.write_text(chosen, encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = {name: str(folder / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    asked = f"ARGS=--no-browser --ip=127.0.0.1 --port={port} --port-retries=0 --allow-root {OPEN}"
    command = [str(MAKE), "-o", ".venv/.dev", "lab", f"BIN={Path(sys.executable).parent}", asked]  # installed already
    with (
        (folder / "lab.log").open("wb") as log,
        subprocess.Popen(command, cwd=folder, env=os.environ | home, stdout=log, stderr=log) as server,
    ):
        try:
            wait(port, server)
            yield f"http://127.0.0.1:{port}/lab/tree/{opened_by(folder / 'lab.log')}"
        finally:
            server.terminate()


def opened_by(log: Path) -> str:
    """Name of the notebook that JupyterLab was started on."""
    found = re.search(r"jupyter lab lab/letoile-kz/(\S+)", log.read_text(encoding="utf-8"))
    assert found
    return found[1]


def wait(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(120):
        assert server.poll() is None
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    pytest.fail("JupyterLab did not start in a minute")


def run_all(page: Page, notebook: Path) -> list[dict[str, Any]]:
    """Code cells of a notebook after Run > Run All Cells, as JupyterLab has saved them."""
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
    page.get_by_text(re.compile(r"\| Idle$")).first.wait_for(timeout=60_000)
    started = page.locator(".jp-InputPrompt").filter(has_text=re.compile(r"\[(\*|\d+)\]"))
    for _ in range(3):  # a kernel that has just come up may not have heard the first time
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        page.wait_for_timeout(3000)
        if started.count():
            break
    for _ in range(90):
        page.wait_for_timeout(1000)
        page.keyboard.press("Control+s")
        cells = [
            cell for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"
        ]
        if all(cell["execution_count"] for cell in cells):
            return cells
    pytest.fail("the notebook did not come to its end")


@pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")
@pytest.mark.skipif(not MAKE, reason="make is not installed")
@pytest.mark.skipif(not find_spec("jupyterlab"), reason="JupyterLab is not installed")
@pytest.mark.parametrize("lang", ["ru", "kk"])
def test_jupyterlab_as_make_starts_it_runs_its_first_notebook_to_the_end(
    lang: str, tmp_path: Path, pictures: Path
) -> None:
    with lab(tmp_path, lang) as address, browser() as opened:
        page = opened.new_page(viewport={"width": 1300, "height": 1000})
        watch = Watch(page)
        page.goto(address)
        notebook = tmp_path / "lab" / "letoile-kz" / address.rpartition("/")[2]
        cells = run_all(page, notebook)
        outputs = [output for cell in cells for output in cell["outputs"]]
        assert [output for output in outputs if output["output_type"] in {"error", "stream"}] == []
        assert all(cell["outputs"] for cell in cells if "page." in "".join(cell["source"]))
        assert {url for url in watch.asked if not url.startswith(("http://127.0.0.1:", "data:", "blob:"))} == set()
        searched(page, lang)
        page.locator(".jp-Notebook .jp-Cell").nth(2).scroll_into_view_if_needed()
        page.screenshot(path=tmp_path / "lab.png")
    picture = kept(tmp_path / "lab.png", pictures / f"lab-{lang}.png")
    assert ink(picture) > 0.01
    assert picture.stat().st_size <= LIMIT


def searched(page: Page, lang: str) -> None:
    """Type into the field of the first table that can be searched, and find no row."""
    field = page.locator(".jp-Notebook .dt-search input").first
    for _ in range(40):
        if field.count():
            break
        page.locator(".jp-Notebook .jp-OutputArea-output").first.hover()
        page.mouse.wheel(0, 2000)
        page.wait_for_timeout(200)
    field.fill("no row has these words")
    assert page.locator("td.dt-empty").first.inner_text() == words(lang)["widget"]["zeroRecords"]
    field.fill("")


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


@pytest.mark.parametrize("name", shipped())
def test_a_page_names_no_address_but_its_own_and_those_beside_it(made: tuple[str, Path], name: str) -> None:
    asked = Asked((made[1] / f"{name}.html").read_text(encoding="utf-8"))
    beside = {f"{other}.html" for other in shipped()}
    assert asked.addresses
    assert not [address for address in asked.addresses if not re.match(r"data:|#", address) and address not in beside]
    assert "default-src 'none'" in asked.policy


def test_the_pictures_that_are_kept_are_light_and_stand_in_the_gallery() -> None:
    sizes = {path.name: path.stat().st_size for path in KEPT.glob("*.png")}
    wanted = {f"{what}-{lang}.png" for what in (*shipped(), "cover", "findings", "lab") for lang in ("ru", "kk")}
    assert set(sizes) == wanted
    assert max(sizes.values()) <= LIMIT
    linked = re.findall(
        r"!\[[^]]+\]\(pictures/([\w-]+\.png)\)", (KEPT.parent / "gallery.md").read_text(encoding="utf-8")
    )
    assert set(linked) == wanted
