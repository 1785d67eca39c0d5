"""The table of the headless commands, and how one is run. Layer: cli."""

import argparse
from collections.abc import Callable

from labelcritic_gui.bootstrap import Services, build_services
from labelcritic_gui.cli import audit, batch, checks, cohort, inspection, ledger, prompts, relocation, reviews, serve
from labelcritic_gui.cli.output import Outcome, show
from labelcritic_gui.settings import load_settings


def _patchwork(arguments: argparse.Namespace, services: Services) -> Outcome:
    from labelcritic_gui.cli import patchwork  # what pieces masks together: no other command needs it

    return patchwork.patchwork(arguments, services)


def _bench(arguments: argparse.Namespace, services: Services) -> Outcome:
    from labelcritic_gui.cli import bench  # phantoms and planted errors: no other command needs them

    return bench.bench_critic(arguments, services)


COMMANDS: dict[str, Callable[[argparse.Namespace, Services], Outcome]] = {
    "new": reviews.new,
    "list": reviews.listing,
    "show": reviews.show,
    "decide": reviews.decide,
    "project": batch.project,
    "compare": batch.compare,
    "assess": batch.assess,
    "export": checks.export,
    "verify": checks.verify,
    "doctor": checks.doctor,
    "mode": ledger.change_mode,
    "ledger": ledger.show_ledger,
    "inspect": inspection.inspect,
    "relocate": relocation.relocate,
    "patchwork": _patchwork,
    "audit": audit.audit_critic,
    "cohort": cohort.cohort,
    "bench": _bench,
    "prompts": prompts.prompts,
    "serve": serve.serve,
}


def run(arguments: argparse.Namespace) -> int:
    """Run a parsed command; return its exit code."""
    outcome = COMMANDS[arguments.command](arguments, build_services(load_settings()))
    return show(outcome, as_json=arguments.json)
