"""The command line: verbs that print and exit, over a library that does neither."""

from __future__ import annotations

import datetime as dt
import io
import logging
import sys
from pathlib import Path
from typing import Any

import click

from derbes.errors import UsageError
from derbes.quarter import Quarter, last_complete
from derbes.terminal import Verbs, progressing, say, say_json, user, warn
from derbes.text import LANGUAGES

LEVELS = ("critical", "warning", "info", "never")
_DEFAULT = Path("inventory", "letoile-kz")
_REGISTER = ("register", "operator")

inventory_argument = click.argument("inventory", required=False, type=click.Path(path_type=Path))
law_option = click.option("--law", default="kz", show_default=True, help="Law pack: a name, or a folder.")
lang_option = click.option("--lang", type=click.Choice(LANGUAGES), default="ru", show_default=True, help="Language.")
as_of_option = click.option("--as-of", "as_of", metavar="DATE", help="Day whose law is applied, as 2026-09-30.")
before_option = click.option(
    "--before", metavar="QUARTER|PATH|none", help="What to compare with (latest frozen quarter)."
)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="derbes", message="%(version)s")
def main() -> None:
    """Hold a personal-data inventory against its own promises and the law as it stood that day."""
    if not logging.getLogger().handlers:
        logging.getLogger().addHandler(logging.NullHandler())  # what libraries log may name cells: it is not printed
    for stream in (sys.stdout, sys.stderr):
        # A console in cp1251 or C cannot print every Kazakh letter: print what it can, never fail.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")


@main.command()
@inventory_argument
@as_of_option
@law_option
@lang_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--fail-on", type=click.Choice(LEVELS), default="critical", show_default=True, help="Exit 1 from this on."
)
@before_option
@click.option("--rule", "rules", multiple=True, metavar="NAME", help="Show only findings of this rule.")
@click.option("--table", "tables", multiple=True, metavar="NAME", help="Show only findings in this table.")
@click.option("--owner", "owners", multiple=True, metavar="NAME", help="Show only findings in rows of this owner.")
@click.option("--next", "next_", metavar="DATE", help="Also say what changes by a later day if nothing is done.")
@click.pass_context
def check(ctx: click.Context, /, **asked: Any) -> None:  # noqa: ANN401 - click passes its options by name
    """Check an inventory; exit 1 if it has findings at the --fail-on level."""
    from derbes.amendments import outlook  # noqa: PLC0415 - --help does not wait for Great Expectations
    from derbes.auditing import audit  # noqa: PLC0415
    from derbes.listing import ahead, listing, narrowed  # noqa: PLC0415

    home, later = _inventory(asked["inventory"]), _day(asked["next_"], "--next")

    def shown_as_of(day: dt.date | None) -> Any:  # noqa: ANN401 - an Audit
        done = audit(home, as_of=day, **{name: asked[name] for name in ("law", "lang", "before")})
        return narrowed(done, rules=asked["rules"], tables=asked["tables"], owners=asked["owners"])

    shown = shown_as_of(_day(asked["as_of"]))
    next_ = outlook(shown, shown_as_of(later)) if later else None
    if asked["form"] == "json":
        say_json(shown.to_json() | ({"next": next_.to_json()} if next_ else {}))
    else:
        say(listing(shown) + (f"\n{ahead(next_)}" if next_ else ""))
    ctx.exit(1 if shown.at_least(asked["fail_on"]) else 0)


@main.command()
@inventory_argument
@click.option("--quarter", metavar="2026Q3", help="Quarter (the last complete one).")
@as_of_option
@law_option
@lang_option
@before_option
@click.option("--out", type=click.Path(path_type=Path), default=Path("reports"), show_default=True)
@click.option("--notebook", "notebooks", multiple=True, metavar="NAME", help="Notebook to run (all).")
@click.option("--pdf/--no-pdf", default=True, show_default=True, help="Print the first page too, if a browser is here.")
@click.option("--fail-on", type=click.Choice(LEVELS), default="never", show_default=True, help="Exit 1 from this on.")
@click.pass_context
def report(ctx: click.Context, /, **asked: Any) -> None:  # noqa: ANN401
    """Write the quarterly report: notebooks, HTML, PDF, workbook, figures, JSON, manifest."""
    from derbes.auditing import audit  # noqa: PLC0415
    from derbes.report import report as write  # noqa: PLC0415

    quarter = Quarter.parse(asked["quarter"]) if asked["quarter"] else last_complete(_today())
    day = _day(asked["as_of"]) or quarter.last_day
    if day > quarter.last_day:
        raise UsageError(f"--as-of {day}", f"is later than the last day of {quarter}", "Name a day of that quarter.")
    home = _inventory(asked["inventory"])
    asking = {"as_of": day, "law": asked["law"], "lang": asked["lang"], "before": asked["before"]}
    with progressing() as progress:
        making = {"out": asked["out"], "notebooks": asked["notebooks"], "pdf": asked["pdf"]}
        folder = write(home, quarter=quarter, progress=progress, warn=warn, **making, **asking)
    say(str(folder))
    ctx.exit(1 if audit(home, **asking).at_least(asked["fail_on"]) else 0)  # the report's own audit, from memory


@main.command()
@click.argument("rule", required=False)
@law_option
@lang_option
@as_of_option
@click.option("--format", "form", type=click.Choice(["text", "markdown"]), default="text", show_default=True)
def rules(rule: str | None, *, law: str, lang: str, as_of: str | None, form: str) -> None:
    """List the rules, or explain one: law, example, remedy. As Markdown: the page docs/rules.md, in English."""
    from derbes.catalogue import catalogue, explained  # noqa: PLC0415
    from derbes.handbook import handbook  # noqa: PLC0415

    day = _day(as_of) or _today()
    if rule:
        say(explained(rule, law=law, lang=lang, as_of=day))
    else:
        say(handbook(law).rstrip("\n") if form == "markdown" else catalogue(law=law, lang=lang, as_of=day))


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@lang_option
def new(folder: Path, lang: str) -> None:
    """Make an empty inventory: headings, lists to pick from, help on every column."""
    from derbes import schema  # noqa: PLC0415
    from derbes.law import load_law  # noqa: PLC0415
    from derbes.workbook import write_inventory  # noqa: PLC0415

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(str(folder), "is there already and not empty", "Name a new folder.")
    bases = load_law("kz", _today()).bases
    grounds = bases.loc[bases["valid"], "code"]
    say(str(write_inventory(folder, schema.load(), lang=lang, grounds=grounds)))


@main.command()
@inventory_argument
@click.option("--quarter", metavar="2026Q3", required=True, help="Quarter that the copy is kept as.")
def freeze(inventory: Path | None, quarter: str) -> None:
    """Keep a frozen copy of the inventory in its history, with checksums."""
    from derbes import snapshot  # noqa: PLC0415
    from derbes.read.loading import load  # noqa: PLC0415

    home = _inventory(inventory)
    kept = home if home.is_dir() else home.parent
    say(str(snapshot.freeze(load(home), kept / "history" / str(Quarter.parse(quarter)))))


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--against", type=click.Path(path_type=Path), metavar="INVENTORY", help="Say what changed since its register."
)
@click.option("--out", type=click.Path(path_type=Path), metavar="WORKBOOK", help="Write the proposed register there.")
@lang_option
def policy(file: Path, against: Path | None, out: Path | None, lang: str) -> None:
    """Read a published policy: a proposed register of its clauses, what changed, remarks on its text."""
    from derbes import policy as reader  # noqa: PLC0415
    from derbes import schema  # noqa: PLC0415
    from derbes.read.loading import load  # noqa: PLC0415
    from derbes.workbook import write_inventory  # noqa: PLC0415

    if out:
        _refuse_taken(out)
    register = reader.propose(file)
    comparison = reader.compare(register, load(against)) if against else None
    say(reader.told(register, comparison, reader.checks(register, lang=lang), lang))
    if out:
        rows = reader.rows(register)
        write_inventory(out, schema.load(), lang=lang, tables=list(rows), rows=rows, labels=True)


@main.command()
@inventory_argument
@click.option("--to", "form", type=click.Choice(["list-kz"]), required=True, help="Form that is asked for.")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="FILE", help="File to write.")
@as_of_option
def export(inventory: Path | None, form: str, out: Path, as_of: str | None) -> None:  # noqa: ARG001 - one form so far
    """Write the inventory in a form that others ask for: the operator's list of personal data."""
    from derbes.exchange import personal_data  # noqa: PLC0415
    from derbes.law import load_law  # noqa: PLC0415
    from derbes.read.loading import load  # noqa: PLC0415
    from derbes.workbook import write_list  # noqa: PLC0415

    _refuse_taken(out)
    day, inv = _day(as_of) or _today(), load(_inventory(inventory))
    write_list(personal_data(inv, load_law("kz", day)), inv, out, as_of=day)
    say(str(out))


@main.command()
@inventory_argument
@click.option("--subject", required=True, metavar="ID", help="Group of subjects, with its kin; or all.")
@click.option("--kind", type=click.Choice(["notice", "answer", "consent"]), default="notice", show_default=True)
@click.option("--lang", type=click.Choice([*LANGUAGES, "kk-ru"]), default="ru", show_default=True, help="Language.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="A .docx or .html (else as text).")
@as_of_option
@law_option
def notice(inventory: Path | None, out: Path | None, **asked: Any) -> None:  # noqa: ANN401
    """Write a privacy notice, the answer to a request or a text of consent, from what the inventory says."""
    from derbes import notice as written  # noqa: PLC0415
    from derbes.law import load_law  # noqa: PLC0415
    from derbes.read.loading import load  # noqa: PLC0415

    law, about = load_law(asked["law"], _day(asked["as_of"]) or _today()), asked["subject"]
    form = {name: asked[name] for name in ("kind", "lang")} | {"pack": asked["law"]}
    made = written.documents(load(_inventory(inventory)), law, about, **form)
    say(str(written.publish(made, out)) if out else "\n\n".join(map(written.plain, made)))


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--inventory", type=click.Path(path_type=Path), help="Where the inventory stands now.")
@lang_option
@click.pass_context
def verify(ctx: click.Context, folder: Path, inventory: Path | None, lang: str) -> None:
    """Say in one line whether a sealed report holds, and name what changed; exit 1 where it does not."""
    from derbes import seal  # noqa: PLC0415
    from derbes.text import words  # noqa: PLC0415

    verdict, said = seal.verify(folder, inventory=inventory), words(lang)["verify"]
    faults = "; ".join(f"{name} ({said['reasons'][why]})" for name, why in verdict.broken)
    notes = "; ".join(f"{name} ({said['reasons'][why]})" for name, why in verdict.notes)
    line = said["holds" if verdict.holds else "broken"].format(chain=" ← ".join(verdict.chain), faults=faults)
    say(f"{line} {notes}".strip())
    ctx.exit(0 if verdict.holds else 1)


@main.command()
@click.argument("paths", nargs=-1, required=True, metavar="OLD NEW", type=click.Path(path_type=Path))
@lang_option
@click.option("--format", "form", type=click.Choice(["text", "json", "xlsx"]), default="text", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), metavar="WORKBOOK", help="Where the xlsx goes (changes.xlsx).")
def diff(paths: tuple[Path, ...], lang: str, form: str, out: Path | None) -> None:
    """Say what changed between two inventories, row by row, and whether the risk rose. Also a diff driver for git."""
    from derbes import change  # noqa: PLC0415
    from derbes.workbook import write_changes  # noqa: PLC0415

    target = out or Path("changes.xlsx")
    if form == "xlsx":
        _refuse_taken(target)
    told = change.diff(*change.sides(paths))
    if form == "xlsx":
        write_changes(told, target, lang=lang)
        say(str(target))
    elif form == "json":
        say_json(change.to_json(told))
    else:
        say(change.told(told, lang))


@main.command()
@inventory_argument
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="New folder for the packs.")
@click.option("--until", metavar="DATE", help="Last day to answer (two weeks after --as-of).")
@as_of_option
@law_option
@lang_option
def packs(inventory: Path | None, out: Path, until: str | None, **asked: Any) -> None:  # noqa: ANN401
    """Write a workbook for every owner: their rows, findings and questions. derbes merge brings the answers back."""
    from derbes import packs as dealer  # noqa: PLC0415
    from derbes.auditing import audit  # noqa: PLC0415

    day = _day(asked["as_of"]) or _today()
    last = _day(until, option="--until") or day + dt.timedelta(days=14)
    done = audit(_inventory(inventory), as_of=day, law=asked["law"], lang=asked["lang"])
    say(dealer.dealt(dealer.hand_out(done, out, until=last), asked["lang"]))


@main.command()
@inventory_argument
@click.option("--quarter", metavar="2026Q3", required=True, help="Quarter that is asked about.")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="FILE.zip", help="File to write.")
@click.option("--reports", type=click.Path(path_type=Path), default=Path("reports"), show_default=True)
@click.option("--unsealed", is_flag=True, help="Go on without a sealed report that holds; the letter says so.")
@law_option
@lang_option
def regulator(**asked: Any) -> None:  # noqa: ANN401
    """Write everything a regulator may ask for into one zip, and say what is missing."""
    from derbes import regulator as pack  # noqa: PLC0415
    from derbes.text import words  # noqa: PLC0415

    which = {"quarter": Quarter.parse(asked["quarter"]), "reports": asked["reports"], "law": asked["law"]}
    dossier = pack.dossier(_inventory(asked["inventory"]), **which, unsealed=asked["unsealed"])
    say(str(pack.pack(dossier, asked["out"])))
    if lacking := pack.missing(dossier, asked["lang"]):
        say("\n".join([words(asked["lang"])["regulator"]["done"], *(f"  {line}" for line in lacking)]))


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--into", type=click.Path(path_type=Path), required=True, metavar="INVENTORY", help="Where it belongs.")
@click.option("--apply", "write", is_flag=True, help="Write what the preview shows.")
@lang_option
@click.pass_context
def merge(ctx: click.Context, folder: Path, into: Path, lang: str, *, write: bool) -> None:
    """Show what the returned packs of a folder change in an inventory; exit 1 where they conflict."""
    from derbes import packs as dealer  # noqa: PLC0415

    found = dealer.merge(folder, into)
    say(dealer.told(found, lang, written=dealer.apply(found.prepared) if write else None))
    ctx.exit(1 if len(found.conflicts) else 0)


@main.command()
@click.argument("workbook", type=click.Path(path_type=Path))
@click.option("--inventory", type=click.Path(path_type=Path), help="Inventory that the workbook was made from.")
@click.option("--who", metavar="NAME", help="Who takes the decisions back (the user of this machine).")
@click.option("--settle", is_flag=True, help="Let this workbook win where it disagrees with an earlier one.")
@law_option
@lang_option
@click.pass_context
def decide(ctx: click.Context, /, **asked: Any) -> None:  # noqa: ANN401
    """Take decisions back from a returned copy of findings.xlsx; exit 1 if they conflict with earlier ones."""
    from derbes import deciding  # noqa: PLC0415

    now = dt.datetime.now(tz=dt.UTC)
    asking = {"who": asked["who"] or user(), "now": now, "law": asked["law"], "settle": asked["settle"]}
    done = deciding.decide(asked["workbook"], _inventory(asked["inventory"]), **asking)
    say(deciding.told(done, asked["lang"]))
    ctx.exit(1 if done.conflicts else 0)


@main.command()
@inventory_argument
@as_of_option
@law_option
@lang_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--jobs", type=click.IntRange(1, 64), help="Processes (one a processor, at most four).")
@click.pass_context
def selftest(ctx: click.Context, /, **asked: Any) -> None:  # noqa: ANN401
    """Plant defects one at a time, in memory, and report which are found; exit 1 if any survives."""
    from derbes import mutation  # noqa: PLC0415

    day = _day(asked["as_of"]) or _today()
    with progressing() as progress:
        home = _inventory(asked["inventory"])
        done = mutation.selftest(home, as_of=day, law=asked["law"], jobs=asked["jobs"], progress=progress)
    if asked["form"] == "json":
        say_json(done.to_json())
    else:
        say(mutation.listing(done, asked["lang"]))
    ctx.exit(1 if done.survivors else 0)


def _inventory(given: Path | None) -> Path:
    """The inventory asked for: by default the current folder if it holds a register, else the shipped one."""
    if given is not None:
        return given
    here = Path()
    found = any(path.stem.lower() in _REGISTER for path in here.iterdir() if path.suffix in {".xlsx", ".ods", ".csv"})
    return here if found else _DEFAULT


def _refuse_taken(out: Path) -> None:
    """Refuse a workbook that is there already: it may be an inventory, or hold what people have filled in."""
    if out.suffix.lower() != ".xlsx":
        raise UsageError(str(out), "is not named .xlsx", "Give the workbook a name that ends in .xlsx.")
    if out.exists() or out.is_symlink():
        raise UsageError(str(out), "is there already", "Name a new workbook: none is overwritten.")


def _day(text: str | None, option: str = "--as-of") -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{option} {text}", "is not a date", "Write it as 2026-09-30.") from error


def _today() -> dt.date:
    return dt.datetime.now(tz=dt.UTC).astimezone().date()
