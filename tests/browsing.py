"""A real browser for the tests, without a network: pages as people see them, and what assistive tools say of them."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_LONELY = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser that finds no name and has no settings of whoever runs the tests."""
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=_LONELY)
        try:
            yield opened
        finally:
            opened.close()


class Watch:
    """What a page complains of and asks for while it is looked at."""

    def __init__(self, page: Page) -> None:
        self.errors: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda said: self.errors.append(str(said)))
        page.on("dialog", lambda said: self.errors.append(f"{said.type} {said.message}"))
        page.on("request", lambda asked: self.asked.append(asked.url))


@cache
def _axe() -> Axe:
    return Axe()


def barriers(page: Page) -> list[str]:
    """What keeps people out of a page, as axe-core sees it: the rule and the first place of each serious fault."""
    faults: list[dict[str, Any]] = _axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    grave = (fault for fault in faults if fault["impact"] in {"serious", "critical"})
    return [f"{fault['id']}: {fault['nodes'][0]['html'][:200]}" for fault in grave]
