"""A process that makes patchworks without end and says each one that was acknowledged; killed from outside."""

import sys
from pathlib import Path

from labelcritic_gui.bootstrap import build_services
from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
from labelcritic_gui.core.geometry import content_hash
from labelcritic_gui.core.patchwork.recipe import Base, Recipe, Start
from labelcritic_gui.formats import volumes
from labelcritic_gui.services import masks, patchwork
from labelcritic_gui.settings import Settings
from labelcritic_gui.store import index


def main() -> None:
    opened = build_services(Settings()).open_review(Path(sys.argv[1]))
    item = ItemId(CaseId("case_1"), "liver")
    image = volumes.read_geometry(opened.image_path(item.case))
    known = {c.id: c for c in index.candidates_of(opened.database, item.case, item.structure)}
    bases = []
    for slug in ("good", "bad"):
        own = CandidateId(*item, slug)
        bases.append(Base(own, content_hash(masks.load_one(opened.mask_path(known[own]), known[own], image=image))))
    recipe = Recipe(tuple(bases), (Start("union"),))
    while True:
        made, _ = patchwork.make_and_accept(opened, "ann", recipe)
        sys.stdout.write(f"{made.version}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
