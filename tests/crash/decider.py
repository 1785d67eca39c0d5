"""A process that decides without end and says each time that a decision was acknowledged; killed from outside."""

import sys
from pathlib import Path

from labelcritic_gui.bootstrap import build_services
from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.review import Choice
from labelcritic_gui.services import review
from labelcritic_gui.settings import Settings

CHOICES = (Choice.NONE, Choice.EDIT, Choice.ABSENT, Choice.SKIP)


def main() -> None:
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    opened = build_services(Settings()).open_review(folder)
    items = [ItemId(CaseId(c), s) for c in ("case_1", "case_2") for s in ("liver", "spleen", "pancreas")]
    for n in range(count):
        item = items[n % len(items)]
        state = review.decide(opened, "ann", item, CHOICES[n % len(CHOICES)])
        assert state.last is not None
        sys.stdout.write(f"{state.last.event}\n")
        sys.stdout.flush()
    opened.close()


if __name__ == "__main__":
    main()
