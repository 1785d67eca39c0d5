"""The one entry point: a subcommand goes to the command line; none, `open` or `demo` to the window."""

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Start Label Critic; return the exit code."""
    from labelcritic_gui.cli.arguments import WINDOW_COMMANDS, build_parser
    from labelcritic_gui.cli.guard import guarded

    words = list(sys.argv[1:] if argv is None else argv)

    def start() -> int:
        arguments = build_parser().parse_args(words)
        if arguments.command not in WINDOW_COMMANDS:
            from labelcritic_gui.cli import commands

            return commands.run(arguments)
        if arguments.command == "demo":
            from labelcritic_gui import demo

            return demo.run(arguments)
        from labelcritic_gui import app

        return app.start(arguments)

    return guarded(start)


if __name__ == "__main__":
    raise SystemExit(main())
