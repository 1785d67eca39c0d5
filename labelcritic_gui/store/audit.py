"""What a review holds for an audit of a critic, a case at a time. Layer: store."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from labelcritic_gui.core.cases import CaseId
from labelcritic_gui.core.opinion_records import verdict_from_json
from labelcritic_gui.core.verdict import Verdict
from labelcritic_gui.store.database import Database
from labelcritic_gui.store.schema import fact as facts
from labelcritic_gui.store.schema import opinion as opinions


@dataclass(frozen=True, slots=True)
class StoredSizes:
    """What was measured of a case's masks before: which are empty, by structure and label set; Dice of pairs."""

    empty: Mapping[tuple[str, str], bool]
    dice: Mapping[tuple[str, str, str], float]

    def dice_of(self, structure: str, one: str, other: str) -> float | None:
        """Return the 3-D Dice of two label sets' masks, in either order; None when it was not measured."""
        if one == other:
            return 1.0
        return self.dice.get((structure, one, other), self.dice.get((structure, other, one)))


def verdicts_of_case(database: Database, case: CaseId, critic: str) -> list[Verdict]:
    """Return a kind of critic's verdicts on a case, newest first, without those on masks that changed since."""
    query = select(opinions.c.body).where(
        opinions.c.case == case, opinions.c.critic == critic, opinions.c.kind == "verdict"
    )
    with database.reading() as connection:
        bodies = connection.execute(query.order_by(opinions.c.id.desc())).scalars().all()
    return [verdict_from_json(body) for body in bodies]


def sizes_of_case(database: Database, case: CaseId) -> StoredSizes:
    """Return what a case's stored facts say of sizes."""
    empty, dice = (func.json_extract(facts.c.body, path) for path in ("$.empty", "$.dice"))
    query = select(facts.c.structure, facts.c.label_sets, empty, dice).where(facts.c.case == case)
    with database.reading() as connection:
        rows = connection.execute(query).all()
    pairs = {(name, *sets.split(":", 1)): float(d) for name, sets, _, d in rows if d is not None and ":" in sets}
    return StoredSizes(
        empty={(name, sets): bool(e) for name, sets, e, _ in rows if e is not None and ":" not in sets},
        dice={(name, one, other): d for (name, one, other), d in pairs.items()},
    )
