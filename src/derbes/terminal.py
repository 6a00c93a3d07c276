"""What verbs of the command line share: how they say a result, how far they are, and how a refusal ends them."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import sys
import traceback
from itertools import islice
from typing import TYPE_CHECKING, Any, NoReturn

import click

from derbes.errors import DerbesError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_WIDTH = 60
_AT_ONCE = 10_000  # pieces of a text that are printed together


class Verbs(click.Group):
    """Commands that say a refusal in one line and exit with 2, whatever went wrong; with 130 after Ctrl-C."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        """Run the verb; say what goes wrong."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            _refuse(ctx, DerbesError("derbes", "interrupted", "Run it again."), code=130)
        except Exception as error:  # noqa: BLE001 - a traceback would show cells of the inventory
            _refuse(ctx, _told(error), code=2)


def _refuse(ctx: click.Context, said: DerbesError, *, code: int) -> NoReturn:
    click.echo(_printable(str(said)), err=True)
    ctx.exit(code)


def _told(error: Exception) -> DerbesError:
    """What is said of an error: of one that is none of ours only its class and place, since its text may hold cells."""
    if isinstance(error, DerbesError):
        return error
    if isinstance(error, OSError):
        what = error.strerror or type(error).__name__
        return DerbesError(str(error.filename or "derbes"), what, "Check the path, its rights and space.")
    if isinstance(error, MemoryError):
        return DerbesError("derbes", "out of memory", "Split the inventory into several workbooks.")
    frames = [(frame.f_globals["__name__"], line) for frame, line in traceback.walk_tb(error.__traceback__)]
    module, line = [("derbes.cli", 0), *(place for place in frames if place[0].startswith("derbes."))][-1]
    place = f"{type(error).__name__} in {module.removeprefix('derbes.')}:{line}"
    return DerbesError("derbes", f"internal error ({place})", "Please report it.")


def _printable(text: str) -> str:
    """Text of one line: a file may bear any name, and a name no commands to the terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def say(text: str | Iterable[str]) -> None:
    """Print the result, a long one piece by piece; a reader that has had enough, as `head`, changes no verdict."""
    pieces = iter([text] if isinstance(text, str) else text)
    try:
        while several := list(islice(pieces, _AT_ONCE)):
            click.echo("".join(several), nl=False)
        click.echo()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python's last flush fails anew


def say_json(content: object) -> None:
    """Print an object as JSON, as it is written: its whole text may take more room than the object."""
    say(json.JSONEncoder(ensure_ascii=False, indent=1).iterencode(content))


def warn(text: str) -> None:
    """Print what the user should know beside the result."""
    click.echo(_printable(text), err=True)


def user() -> str:
    """The user of this machine, where it knows one."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


@contextlib.contextmanager
def progressing() -> Iterator[Callable[[str], None] | None]:
    """Progress on a terminal; nothing in a log."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return

    def step(stage: str) -> None:
        click.echo(f"\r{stage[:_WIDTH]:<{_WIDTH}}", nl=False, err=True)

    try:
        yield step
    finally:
        click.echo(f"\r{'':<{_WIDTH}}\r", nl=False, err=True)
