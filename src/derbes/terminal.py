"""How a verb of the command line ends: a refusal is one line and a status, whatever went wrong."""

from __future__ import annotations

import traceback
from typing import Any, NoReturn

import click

from derbes.errors import DerbesError


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
