"""The words of the command line: every command, its arguments, and its help. Layer: cli."""

import argparse
import os
from typing import NoReturn

from labelcritic_gui import __version__
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.query.fields import SORTS

NOTICE = "For research and dataset work. Not a medical device: not for diagnosis or treatment."

WINDOW_COMMANDS = (None, "open", "demo")
"""What opens the window; everything else is headless."""


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are UserErrors, so that they are one line like all others."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the whole usage."""
        raise UserError(f"{self.prog}: {message}.", f"See `{self.prog} --help`.")


def build_parser() -> Parser:
    """Build the parser of all commands."""
    parser = Parser(prog="labelcritic", description=f"Review competing organ labels of CT scans. {NOTICE}")
    parser.add_argument("--version", action="version", version=f"labelcritic {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    for add in _ALL:
        add(commands)
    return parser


def _command(commands: "argparse._SubParsersAction[Parser]", name: str, text: str, *, review: bool = True) -> Parser:
    parser = commands.add_parser(name, help=text, description=text)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    if review:
        parser.add_argument("review", metavar="REVIEW", help="the review's folder")
    return parser


def _new(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = _command(commands, "new", "Make a review of competing label sets.")
    parser.add_argument("--images", required=True, metavar="PATH", help="a folder, a pattern with {case}, or one file")
    parser.add_argument(
        "--labels",
        action="append",
        required=True,
        metavar="NAME=PATH",
        help="a label set: a folder, a pattern with {case} and {structure}, or one file; repeat for each",
    )
    parser.add_argument(
        "--classes",
        action="append",
        default=[],
        metavar="NAME=FILE.json[#KEY]|SCHEME",
        help="which number means which structure in NAME's multi-label maps; a scheme is totalsegmentator_v2 and such",
    )
    parser.add_argument("--trusted", default="", metavar="NAME", help="the label set the others are scored against")
    parser.add_argument("--structures", default="", metavar="A,B", help="only these structures")
    parser.add_argument("--cases", default="", metavar="FILE", help="a text file with one case id a line")
    parser.add_argument("--title", default="", help="what the review is called")
    parser.add_argument("--resample", action="store_true", help="resample labels on another grid instead of refusing")
    parser.add_argument("--unmatched", action="store_true", help="also structures that only one label set knows")
    words = "when the verdict is seen: assisted (at once), blind-first (after the decision), blind (never)"
    parser.add_argument("--mode", default="assisted", metavar="MODE", help=words)
    words = "hidden repeats: this share of the items (0 to 0.5) comes again, sides swapped, unannounced"
    parser.add_argument("--repeats", type=float, default=0.0, metavar="SHARE", help=words)


def _mode(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = _command(commands, "mode", "Say how a review is read, or have it read in another mode from now on.")
    parser.add_argument("mode", metavar="MODE", nargs="?", help="assisted, blind-first or blind")
    parser.add_argument("--repeats", type=float, metavar="SHARE", help="the share of items that comes again, 0 to 0.5")
    _reader(parser)


def _ledger(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = _command(commands, "ledger", "Say how each reader reads: pace, agreement, flips, repeats, sides.")
    parser.add_argument("--reader", default="", metavar="NAME", help="only this reader")
    parser.add_argument("--csv", default="", metavar="FILE", help="write a row for each reader to this file")


def _demo(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = _command(
        commands, "demo", "Make the demonstration review and open it (headless without a display).", review=False
    )
    parser.add_argument("folder", nargs="?", default="demo-output", metavar="FOLDER", help="where it is made")
    parser.add_argument("--cases", type=int, default=6, metavar="N", help="how many phantom cases")
    parser.add_argument("--size", type=int, default=192, metavar="VOXELS", help="edge length of a phantom")
    parser.add_argument("--seed", type=int, default=912, help="which anatomy")
    parser.add_argument("--headless", action="store_true", help="do the whole job without a window and leave files")


def _open(commands: "argparse._SubParsersAction[Parser]") -> None:
    _command(commands, "open", "Open a review in the window.")


def _list(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = _command(commands, "list", "List the items of a review.")
    what = "such as 'structure:liver status:open dice<0.8' (docs/worklist.md), or the name of a saved filter"
    parser.add_argument("--filter", default="all", metavar="FILTER", help=what)
    parser.add_argument("--sort", default="attention", choices=SORTS)
    parser.add_argument("--descending", action="store_true", help="the other way round")
    parser.add_argument("--text", default="", help="more of a filter: words that must occur in case, structure or note")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="at most so many")
    share = "first draw another share of the calm items for a human look, such as 0.05 (they are found by audit:yes)"
    parser.add_argument("--audit-share", type=float, metavar="SHARE", help=share)
    _reader(parser)


def _project(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = _command(commands, "project", "Write the projected pictures and overlays of a review as PNG.")
    parser.add_argument("out", metavar="OUT", help="the folder for the pictures")
    parser.add_argument("--structures", default="", metavar="A,B", help="only these structures")
    parser.add_argument("--cases", default="", metavar="A,B", help="only these cases")
    parser.add_argument("--windows", default="", metavar="A,B", help="of organs, bone, skeleton; all when left out")
    parser.add_argument("--pairs", action="store_true", help="show paired structures (the kidneys) together")
    _jobs(parser)


def _asking(parser: Parser) -> None:
    parser.add_argument("--critic", default="", choices=["", "anatomy", "lvlm"], help="whom to ask")
    _server(parser)
    parser.add_argument("--cases", default="", metavar="A,B", help="only these cases")
    parser.add_argument("--again", action="store_true", help="ask also what was answered before")
    _showing(parser)
    parser.add_argument("--quality", action="store_true", help="also a score of every candidate, a call each")
    parser.add_argument("--reasons", action="store_true", help="also reasons in words, a call for each verdict")
    _jobs(parser)


def _showing(parser: Parser) -> None:
    """Add how the LVLM critic asks; what is left out is as in the settings."""
    parser.add_argument("--views", default="", metavar="A,B", help="of frontal, lateral, slice: side by side")
    parser.add_argument("--shots", type=int, metavar="N", help="how many examples of other cases come first, 0 to 10")
    parser.add_argument(
        "--examples", metavar="DIR", help="take them from DIR/STRUCTURE/good and bad, not from decisions"
    )
    parser.add_argument(
        "--wait", type=_seconds, metavar="SECONDS", help="how long to wait for a server that is gone before giving up"
    )
    parser.add_argument("--no-region", action="store_true", help="do not ask what is in view; the bones tell")


def _compare(commands: "argparse._SubParsersAction[Parser]") -> None:
    _asking(_command(commands, "compare", "Ask a critic which candidate is better, for every item."))


def _assess(commands: "argparse._SubParsersAction[Parser]") -> None:
    _asking(_command(commands, "assess", "Ask a critic how good every candidate is."))


def _decide(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = _command(commands, "decide", "Write a decision on an item into the journal.")
    parser.add_argument("--case", default="", help="the case id")
    parser.add_argument("--structure", default="", help="the structure")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--accept", metavar="NAME", help="accept this label set's candidate")
    what.add_argument("--absent", action="store_true", help="absence is right")
    what.add_argument("--edit", action="store_true", help="queue for editing")
    what.add_argument("--none", action="store_true", help="none is acceptable")
    what.add_argument("--skip", action="store_true", help="put off to the end of the list")
    what.add_argument("--unjudged", action="store_true", help="cannot be judged (the image): decided, never exported")
    what.add_argument("--undo", action="store_true", help="undo the reader's last decision")
    what.add_argument("--redo", action="store_true", help="do again what the reader undid last")
    what.add_argument("--note", metavar="TEXT", help="write a note (an empty one removes it)")
    parser.add_argument("--reason", action="append", default=[], metavar="CODE", help="an error code, repeatable")
    quality = "3 use as is, 2 minor edit, 1 major edit, 0 redo"
    parser.add_argument("--quality", type=int, choices=(0, 1, 2, 3), help=quality)
    _reader(parser)


def _export(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = _command(commands, "export", "Write what was accepted, with its provenance.")
    parser.add_argument("out", metavar="OUT", help="a new folder")
    parser.add_argument("--format", default="abdomenatlas", help="abdomenatlas")


def _verify(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = _command(commands, "verify", "Re-check an export against its manifest.", review=False)
    parser.add_argument("out", metavar="OUT", help="the export's folder")


def _doctor(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = _command(commands, "doctor", "Check the program, a review, a server.", review=False)
    parser.add_argument("review", metavar="REVIEW", nargs="?", default="", help="the review's folder")
    parser.add_argument("--server", default="", metavar="URL|NAME", help="also ask this server what it can")
    parser.add_argument("--model", default="", help="the model there")
    parser.add_argument("--accept-changes", action="store_true", help="take files that changed as they are now")
    parser.add_argument("--rebuild", action="store_true", help="write the item rows anew from the journal")


def _show(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = _command(commands, "show", "Show all that is known of an item, or of a review.")
    parser.add_argument("--case", default="", help="the case id")
    parser.add_argument("--structure", default="", help="the structure")
    parser.add_argument("--pictures", default="", metavar="DIR", help="write the pictures that were sent to DIR")


def _relocate(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = _command(commands, "relocate", "Point a review at moved data.")
    parser.add_argument("--images", default="", metavar="DIR", help="where the images are now")
    parser.add_argument(
        "--labels", action="append", default=[], metavar="NAME=DIR", help="where a label set is now; repeatable"
    )
    parser.add_argument(
        "--unchecked", action="store_true", help="do not look for the files: for paths that only another machine sees"
    )


def _patchwork(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = _command(commands, "patchwork", "Say how masks were pieced together; or do it again and compare.")
    parser.add_argument("case", metavar="CASE", nargs="?", default="", help="only this case ...")
    parser.add_argument("structure", metavar="STRUCTURE", nargs="?", default="", help="... and this structure")
    parser.add_argument("--verify", action="store_true", help="make every one again from its sources, bit for bit")


def _audit(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = _command(commands, "audit", "Say whether a critic can be trusted on this review.")
    parser.add_argument("--critic", default="", choices=["", "anatomy", "lvlm"], help="whom to audit")
    _server(parser)
    parser.add_argument(
        "--tests",
        default="",
        metavar="A,B",
        help="of orders, position, undecided, readers, trusted, mark, background, size, repeat; all when left out",
    )
    parser.add_argument("--sample", type=int, default=12, metavar="N", help="pairs a structure to ask about on purpose")
    parser.add_argument("--repeats", type=int, default=3, metavar="K", help="how often a question is repeated")
    parser.add_argument("--structures", default="", metavar="A,B", help="only these structures")
    parser.add_argument("--seed", default="0", help="another seed chooses other pairs")
    _showing(parser)
    parser.add_argument("--out", default="", metavar="DIR", help="where the files go (the review's folder)")
    parser.set_defaults(quality=False, reasons=False)


def _cohort(commands: "argparse._SubParsersAction[Parser]") -> None:
    parser = _command(commands, "cohort", "List what is unusual among the cases of a review, from what was measured.")
    parser.add_argument("--structures", default="", metavar="A,B", help="only these structures")
    parser.add_argument("--label-sets", default="", metavar="A,B", help="only these label sets")
    parser.add_argument("--together", action="store_true", help="hold each candidate against those of all label sets")
    parser.add_argument("--out", default="", metavar="CSV", help="write a row for each to this file")


def _bench(commands: "argparse._SubParsersAction[Parser]") -> None:
    text = "Put a critic on the bench: right labels against known errors, on phantoms or on trusted labels of a review."
    parser = _command(commands, "bench", text, review=False)
    parser.add_argument("review", metavar="REVIEW", nargs="?", default="", help="a review with a trusted label set")
    parser.add_argument("--trusted", default="", metavar="NAME", help="the label set of the review that is the truth")
    parser.add_argument("--cases", default="", metavar="A,B", help="only these cases of the review")
    parser.add_argument("--phantoms", type=int, metavar="N", help="so many phantoms (8 when no review is named)")
    parser.add_argument("--start", type=int, default=0, metavar="SEED", help="the first phantom's seed")
    parser.add_argument("--size", type=int, default=192, metavar="VOXELS", help="edge length of a phantom")
    parser.add_argument("--other", action="store_true", help="phantoms scanned otherwise: noise, phase, size, slices")
    parser.add_argument("--critic", default="", choices=["", "anatomy", "lvlm"], help="whom to put on the bench")
    _server(parser)
    parser.add_argument("--structures", default="", metavar="A,B", help="only these structures")
    parser.add_argument(
        "--errors",
        default="",
        metavar="TEXT",
        help='errors in words: "remove the lower third; leak 15 mm into the stomach"',
    )
    parser.add_argument("--kinds", default="", metavar="A,B", help="only these kinds of error: leak, missing, cut, ...")
    parser.add_argument("--severities", default="", metavar="A,B", help="of mild, moderate, gross")
    parser.add_argument(
        "--per-structure", type=int, metavar="K", help="errors in each structure of a case, in turn (4); 0: every one"
    )
    parser.add_argument(
        "--worse", type=float, default=0.25, metavar="SHARE", help="pairs of two errors for each error planted (0.25)"
    )
    parser.add_argument("--no-singles", action="store_true", help="ask about pairs only")
    parser.add_argument("--seed", type=int, default=0, help="another seed draws other errors and another order")
    _showing(parser)
    parser.add_argument("--out", default="", metavar="DIR", help="where the files go (REVIEW/bench, or bench-output)")
    parser.set_defaults(quality=False, reasons=False)


def _prompts(commands: "argparse._SubParsersAction[Parser]") -> None:
    text = "What models are told: list, check, compare with the shipped text, see what would be sent."
    parser = _command(commands, "prompts", text, review=False)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", parser_class=Parser)

    def action(name: str, help_text: str, *, named: bool = False) -> Parser:
        made = actions.add_parser(name, help=help_text, description=help_text)
        made.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON document")
        if named:
            made.add_argument("name", metavar="NAME", help="a template or a structure: compare, liver")
        return made

    action("list", "List every prompt file, and whose text is in use (this is what no action does).")
    action("show", "Print the text in use.", named=True)
    action("check", "Check every file, your own among them; exit code 2 names file and line.")
    action("diff", "Print how your text differs from the shipped one.", named=True)
    action("reset", "Take your text away: the shipped one counts again.", named=True)
    shown = action("preview", "Print exactly what would be sent about an item; nothing is sent.")
    shown.add_argument("review", metavar="REVIEW", help="the review's folder")
    shown.add_argument("--case", required=True, help="the case id")
    shown.add_argument("--structure", required=True, help="the structure")
    shown.add_argument("--ask", default="compare", choices=["compare", "assess", "region", "reasons"], help="what")
    shown.add_argument("--out", default="", metavar="DIR", help="write the pictures there, as they would be sent")
    _showing(shown)
    shown.set_defaults(critic="", server="", model="", quality=False, reasons=False)


def _serve(commands: "argparse._SubParsersAction[Parser]") -> None:
    text = "Serve a model with vLLM on this machine until Ctrl+C; when this ends, however it does, so does the server."
    parser = _command(commands, "serve", text, review=False)
    parser.add_argument("--model", default="", help="a documented model, or a folder with one")
    parser.add_argument("--gpus", type=int, metavar="N", help="how many GPUs (as few as are documented)")
    parser.add_argument("--port", type=int, metavar="P", help="the port on this machine (8000)")
    parser.add_argument("--vllm", default="", metavar="PATH", help="the program vllm, or the folder of its environment")
    parser.add_argument("--dry-run", action="store_true", help="print the command line instead of running it")
    parser.add_argument("--list", action="store_true", help="list the documented models and what they need")
    parser.add_argument("extra", nargs="*", metavar="-- ARGUMENT", help="further arguments for vllm serve, after --")


def _inspect(commands: "argparse._SubParsersAction[Parser]") -> None:
    text = "Say what files are: format, kind, grid, values or labels, identity."
    parser = _command(commands, "inspect", text, review=False)
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file, or a folder with a DICOM series")
    parser.add_argument(
        "--classes",
        default="",
        metavar="FILE|SCHEME",
        help="what label values are called: FILE.json[#KEY], or a numbering scheme such as totalsegmentator_v2",
    )


def _server(parser: Parser) -> None:
    parser.add_argument(
        "--server", default="", metavar="URL|NAME", help="the LVLM critic's server: an address, or a profile's name"
    )
    parser.add_argument("--model", default="", help="the model there (the only one served when left out)")
    parser.add_argument(
        "--allow", default="", metavar="HOST", help="agree that pictures go to this host, now and from now on"
    )


def _reader(parser: Parser) -> None:
    parser.add_argument("--reader", default="", metavar="NAME", help="who decides (the settings' reader when left out)")


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1e7:
        raise ValueError(text)
    return value


def _jobs(parser: Parser) -> None:
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="how many cases at a time")


def names(text: str) -> tuple[str, ...]:
    """Split a list of names at its commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def assignments(entries: list[str], *, option: str) -> dict[str, str]:
    """Read NAME=VALUE entries of a repeated option; raises UserError for another form or a name used twice."""
    found: dict[str, str] = {}
    for entry in entries:
        name, equals, value = entry.partition("=")
        if not (equals and name and value):
            raise UserError(f"{option} {entry!r} is not of the form NAME=VALUE.", f"Write {option} NAME=VALUE.")
        if name in found:
            raise UserError(f"{option} names {name!r} twice.", "Give each name once.")
        found[name] = value
    return found


_ALL = (
    _new,
    _demo,
    _open,
    _list,
    _project,
    _compare,
    _assess,
    _decide,
    _export,
    _verify,
    _doctor,
    _show,
    _mode,
    _ledger,
    _inspect,
    _relocate,
    _patchwork,
    _audit,
    _cohort,
    _bench,
    _prompts,
    _serve,
)
