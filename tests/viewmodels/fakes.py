"""An open review in memory, and runners whose steps a test decides."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from labelcritic_gui.core.audit import Observation, Report, lines_of
from labelcritic_gui.core.audit_measures import AuditTest
from labelcritic_gui.core.cancel import stop_if
from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId, LabelSet
from labelcritic_gui.core.errors import StorageError, UnreadableFileError
from labelcritic_gui.core.findings import Finding, FindingCode, Severity
from labelcritic_gui.core.geometry import Geometry
from labelcritic_gui.core.measures.facts import CandidateFacts, PairFacts
from labelcritic_gui.core.query.parsing import parse
from labelcritic_gui.core.review import Decision, ItemState, Remarks, Standing, Status
from labelcritic_gui.core.structures import Structure, StructureTable
from labelcritic_gui.core.verdict import CriticIdentity, OrderRecord, Outcome, Quality, Subject, Verdict
from labelcritic_gui.critic.base import Question
from labelcritic_gui.critic.client import LvlmServer
from labelcritic_gui.critic.lvlm import LvlmCritic
from labelcritic_gui.imaging.frame import PictureFrame, View
from labelcritic_gui.imaging.projection import project, silhouette_of
from labelcritic_gui.imaging.thumbnail import crop, structure_crop
from labelcritic_gui.services.audit import Audit, AuditPlan, AuditRequest
from labelcritic_gui.services.comparison import Changed, Opinions, Panel, Stage
from labelcritic_gui.services.export import ExportReport
from labelcritic_gui.services.projection import CasePictures
from labelcritic_gui.services.prompt_preview import Ask, Preview
from labelcritic_gui.services.sent import SentItem, laid_out
from labelcritic_gui.services.thumbnails import SmallStage
from labelcritic_gui.services.worklist import DECIDED, SKIPPED, Counts, Head, ItemRow, Keys
from labelcritic_gui.settings import Settings
from labelcritic_gui.viewmodels.runner import Lane
from tests.fake_llm import png
from tests.querying import holds
from tests.viewmodels.fake_bench import FakeBench
from tests.viewmodels.fake_cohort import FakeCohort
from tests.viewmodels.fake_modes import FakeModes
from tests.viewmodels.fake_piecing import FakePiecing
from tests.viewmodels.fake_volumes import FakeVolumes

SETS = (LabelSet("alpha", "Alpha"), LabelSet("beta", "Beta"))
STRUCTURES = ("liver", "spleen", "pancreas")
CRITIC = CriticIdentity("anatomy", "fake critic", "1")
SIDE = 60
PICTURES = (png(64, 48, grey=40), png(64, 48, grey=200))
"""What is sent about a pair."""


def frame(side: int = SIDE) -> PictureFrame:
    return PictureFrame.of(Geometry((side, side, side), np.diag([1.0, 1.0, 1.0, 1.0])))


def disc(row: int, column: int, radius: int = 9) -> Any:
    rows, columns = np.ogrid[:SIDE, :SIDE]
    return (rows - row) ** 2 + (columns - column) ** 2 <= radius**2


class FakeCalls(FakePiecing, FakeModes, FakeVolumes, FakeCohort, FakeBench):
    """Keeps `ReviewCalls` in memory. `broken` makes writing fail; `missing` candidates have no mask."""

    def __init__(self, cases: int = 3, *, label_sets: tuple[LabelSet, ...] = SETS) -> None:
        super().__init__()
        self.folder = Path("/nowhere/review")
        self.title = "Fake review"
        self.mode = "assisted"
        self.label_sets = label_sets
        self.critic_title = CRITIC.title
        self.critic_lane = Lane.CPU
        self.items = [ItemId(CaseId(f"case_{n}"), s) for n in range(cases) for s in STRUCTURES]
        self.states: dict[ItemId, ItemState] = {item: ItemState() for item in self.items}
        self.written: list[tuple[ItemId, Decision, dict[str, Any]]] = []
        self.undone: list[tuple[ItemId, Decision, dict[str, Any]]] = []
        self._number = 0
        self.asked: list[CaseId] = []
        self.anew: list[bool] = []
        self.measured: list[CaseId] = []
        self.critic_pause = ""
        self.loaded: list[ItemId] = []
        self.missing: set[CandidateId] = set()
        self.broken: Exception | None = None
        self.critic_broken: Exception | None = None
        self.unjudged = ""
        self.unread = ""
        self.stage_broken: Exception | None = None
        self.projected: list[tuple[View, str]] = []
        self.pictures_broken: Exception | None = None
        self.opined: set[CaseId] = set()
        self.outcome = Outcome.SECOND
        self.remembered: ItemId | None = None
        self.pages = 0
        self.share = 0.05
        self.fetched = 0
        self.closed = False
        self.exported: Path | None = None
        self.previewed: list[tuple[ItemId, Ask, str]] = []
        self.worded_names: tuple[str, ...] = (*STRUCTURES, "thyroid_gland")
        self.audited: AuditRequest | None = None
        self.audit_gate: threading.Event | None = None
        self.audit_broken: Exception | None = None

    def decide(self, item, choice, *, candidate=None, position=0, remarks=None, repeat_of="", seen):
        if self.broken is not None:
            raise self.broken
        added = remarks or Remarks()
        decision = Decision(
            choice,
            candidate,
            "",
            position,
            added.reasons,
            denied=added.denied,
            suggested=added.suggested,
            quality=added.quality,
        )
        self.undone.clear()
        return self._written((item, decision, dict(seen)))

    def _written(self, entry):
        self.written.append(entry)
        item, decision, _ = entry
        self._number += 1
        standing = Standing(f"e{self._number}", "reader", "2026-01-01T00:00:00Z", decision)
        self.states[item] = replace(self.states[item], standing=(*self.states[item].standing, standing))
        return self.states[item]

    def undo(self, seen):
        if self.broken is not None:
            raise self.broken
        if not self.written:
            return None
        self.undone.append(self.written.pop())
        item = self.undone[-1][0]
        self.states[item] = replace(self.states[item], standing=self.states[item].standing[:-1])
        return item

    def redo(self, seen):
        if self.broken is not None:
            raise self.broken
        if not self.undone:
            return None
        entry = self.undone.pop()
        return entry[0], self._written(entry)

    def set_note(self, item, text, seen):
        self.states[item] = replace(self.states[item], note=text)
        return self.states[item]

    def last_decisions(self, limit):
        seen = dict.fromkeys(self.states, 0)
        found = []
        for item, _, _ in self.written:
            found.append((item, self.states[item].standing[seen[item]]))
            seen[item] += 1
        return tuple(found[-limit:])

    def item_state(self, item):
        return self.states[item]

    def resume_item(self):
        return self.remembered

    def remember_item(self, item):
        self.remembered = item

    def _row(self, item: ItemId) -> ItemRow:
        state, number = self.states[item], self.items.index(item)
        last = state.last
        known = item.case in self.opined
        accepted = last.decision.candidate.label_set if last and last.decision.candidate else ""
        return ItemRow(
            item=item,
            title=item.structure,
            rank=number + 1,
            status=state.status,
            skipped=state.skipped,
            outcome=self.outcome.value if known else "",
            pick="beta" if known else "",
            confidence=0.9 if known else None,
            orders_agree=None,
            dice=0.8 if known else None,
            findings=1 if known else 0,
            severity=2 if known else 0,
            reader=last.reader if last else "",
            note=bool(state.note),
            attention=0.5,
            accepted=accepted,
            note_text=state.note,
            decided=last.time if last else "",
            codes=("LEAK",) if known else (),
        )

    def _ordered(self, query):
        rows = [self._row(item) for item in self.items]
        if query.sort == "structure":
            rows.sort(key=lambda row: row.title)
        if query.sort == "dice":
            rows.sort(key=lambda row: 9.0 if row.dice is None else row.dice)
        return rows[::-1] if query.descending else rows

    def matching(self, query):
        wanted = query.query
        if not wanted.terms:
            return None
        ranks = [row.rank for row in map(self._row, self.items) if holds(wanted, row, "reader")]
        return np.array(ranks, dtype=np.int32)

    def head(self, query, limit):
        self.pages += 1
        ranks = self.matching(query)
        rows = [row for row in self._ordered(query) if ranks is None or row.rank in ranks]
        return Head(tuple(rows[:limit]), len(rows), ranks)

    def order(self, query):
        return np.array([row.rank for row in self._ordered(query)], dtype=np.int32)

    def turns(self):
        states = [self.states[item] for item in self.items]
        found = [DECIDED if s.status is not Status.OPEN else SKIPPED * s.skipped for s in states]
        return np.array([0, *found], dtype=np.uint8)

    def count(self, text):
        return sum(holds(parse(text), self._row(item), "reader") for item in self.items)

    def occurring(self):
        return {"reader": ("reader",), "pick": ("alpha", "beta"), "finding": ("LEAK",)}

    def audit_share(self):
        return self.share

    def set_audit_share(self, share):
        self.share = share
        return round(share * len(self.items))

    def keys(self):
        cases = tuple(dict.fromkeys(item.case for item in self.items))
        case_of = [-1, *(cases.index(item.case) for item in self.items)]
        structure_of = [-1, *(STRUCTURES.index(item.structure) for item in self.items)]
        return Keys(cases, STRUCTURES, np.array(case_of, dtype=np.int32), np.array(structure_of, dtype=np.int32))

    def rows(self, ranks):
        self.fetched += len(ranks)
        return tuple(self._row(self.items[rank - 1]) for rank in ranks)

    def counts(self):
        decided = sum(s.last is not None and not s.skipped for s in self.states.values())
        total = len(self.items)
        return Counts(total, decided, total - decided, 0, 0, 0, 0, 0, {"all": total, "undecided": total - decided})

    def next_open(self, after):
        start = self.items.index(after) + 1 if after in self.items else 0
        order = self.items[start:] + self.items[:start]
        return next((i for i in order if self.states[i].last is None), None)

    def row(self, item):
        return self._row(item)

    def _candidate(self, item: ItemId, slug: str) -> CandidateId | None:
        found = CandidateId(item.case, item.structure, slug)
        return None if found in self.missing else found

    def load_stage(self, item, cancel=None):
        self.loaded.append(item)
        if cancel is not None:
            stop_if(cancel)
        if self.stage_broken is not None:
            raise self.stage_broken
        grey = np.tile(np.linspace(0, 255, SIDE).astype(np.uint8), (SIDE, 1))
        panels = []
        for n, label_set in enumerate(self.label_sets):
            candidate = self._candidate(item, label_set.slug)
            mask = disc(20 + 5 * n, 25) if candidate else np.zeros((SIDE, SIDE), dtype=np.bool_)
            panels.append(Panel(label_set, candidate, mask, None, candidate is None))
        pictures = {"bone": grey, "organs": grey[:, ::-1].copy(), "skeleton": grey // 2}
        return Stage(item, Structure(item.structure), frame(), pictures, tuple(panels))

    def load_small_stages(self, items, window, cancel):
        """Return the small pictures of a case, cut from its stages."""
        made = []
        for item in items:
            stop_if(cancel)
            stage = self.load_stage(item)
            rows, columns = place = structure_crop([p.silhouette for p in stage.panels], stage.frame.shape)
            panels = tuple(replace(p, silhouette=p.silhouette[rows, columns].copy()) for p in stage.panels)
            shown = window if window in stage.pictures else "bone"
            picture = crop(stage.pictures[shown], place)
            frame = stage.frame
            made.append(SmallStage(item, stage.structure, shown, picture, frame.edges, frame.mm_per_pixel, panels))
        return tuple(made)

    def load_pictures(self, case, view, ray, cancel):
        """Return projections of the case in memory, with all its silhouettes."""
        self.projected.append((view, ray))
        if self.pictures_broken is not None:
            raise self.pictures_broken
        held = FakeVolumes.load_volume(self, case, cancel, lambda *_: None)
        self.read.pop()
        pictures = project(held.volume, view=view)
        silhouettes = {candidate: silhouette_of(mask, view=view) for candidate, mask in held.masks.items()}
        shape = PictureFrame.of(held.volume.geometry, view=view)
        return CasePictures(shape, held.volume.geometry, pictures, silhouettes, {}, {})

    def load_opinions(self, item):
        count, slugs = len(self.label_sets), tuple(s.slug for s in self.label_sets)
        if item.case not in self.opined:
            return Opinions(None, (None,) * count, (None,) * count, None, sets=slugs)
        pair = tuple(CandidateId(item.case, item.structure, s.slug) for s in self.label_sets)
        verdict = None
        if count > 1:
            orders = (
                OrderRecord("AB", "second", {"first": 0.1, "second": 0.9}),
                OrderRecord("BA", "first", {"first": 0.8, "second": 0.2}),
            )
            verdict = Verdict(
                CRITIC, Subject(item, pair[:2], ("", "")), self.outcome, 0.9, ("Alpha leaks <b>far</b>.",), orders
            )
        leak = Finding(FindingCode.LEAK, Severity.MAJOR, "leaks into the neighbour", (30.0, 30.0, 30.0), 4.2)
        qualities = tuple(
            Quality(CRITIC, Subject(item, (c,), ("",)), 90.0 - 30 * n, 6.0, (leak,) if n == 0 else ())
            for n, c in enumerate(pair)
        )
        facts = tuple(CandidateFacts(empty=False, volume_ml=80.0 - n, parts=1 + n) for n in range(count))
        measured = PairFacts(0.8, only_first_ml=3.0, only_second_ml=7.0)
        pairs = {(a, b): measured for n, a in enumerate(slugs) for b in slugs[n + 1 :]}
        return Opinions(verdict, qualities, facts, measured if count > 1 else None, sets=slugs, pairs=pairs)

    def ensure_findings(self, case, cancel):
        self.measured.append(case)
        if case == self.unread:
            raise UnreadableFileError(f"The image of {case} is damaged.")
        return Changed(tuple(i for i in self.items if i.case == case))

    def ensure_opinions(self, case, cancel, progress, *, anew=False):
        self.asked.append(case)
        self.anew.append(anew)
        if self.critic_broken is not None:
            raise self.critic_broken
        if case == self.unread:
            raise UnreadableFileError(f"The image of {case} is damaged.")
        if self.unjudged:
            mine = [i for i in self.items if i.case == case]
            return Changed(tuple(mine), dict.fromkeys(mine, self.unjudged))
        self.opined.add(case)
        return Changed(tuple(i for i in self.items if i.case == case))

    def sent(self, item, cancel):
        return SentItem(item, (f"asked about {item}",))

    def preview(self, item, ask, render, words_of, cancel):
        """Return the questions about two small pictures, by the critic that the station renders with."""
        critic = render(None)
        self.previewed.append((item, ask, words_of))
        pair = tuple(CandidateId(item.case, item.structure, s.slug) for s in self.label_sets[:2])
        chosen = pair[:1] if ask is Ask.ASSESS else pair
        made = {hashlib.sha256(png).hexdigest(): (c.label_set, png) for c, png in zip(chosen, PICTURES, strict=False)}
        structure = Structure(item.structure)
        facts = (CandidateFacts(empty=False),) * len(chosen)
        question = Question(
            Subject(item, chosen, ("",) * len(chosen)), structure, facts, pictures=PICTURES[: len(chosen)]
        )
        sent = critic.questions(question)
        told = tuple(laid_out(f"Order {one.order}", None, one.request.canonical(), made) for one in sent)
        return Preview(item, told, critic.identity.prompts)

    def export(self, out, cancel, progress):
        progress(1, 1, "done")
        self.exported = out
        return ExportReport(out, len(self.written), 0, 0, 0)

    def audit_plan(self, request):
        reasons = {t: "Not applicable: this critic looks at no pictures." for t in AuditTest if t.needs_pictures}
        asked = [t for t in request.tests if t.asks_on_purpose and t not in reasons]
        pairs = request.sample * len(STRUCTURES) if asked else 0
        return AuditPlan(pairs, {t.value: 2 * pairs for t in asked}, reasons, 0)

    def audit(self, request, cancel, progress):
        progress(1, 3, "asking about case_0, liver")
        while self.audit_gate is not None and not self.audit_gate.wait(0.01):
            stop_if(cancel)
        if self.audit_broken is not None:
            raise self.audit_broken
        self.audited = request
        return fake_audit(request)

    def choose_critic(self, kind):
        self.chosen_critic = kind

    def close(self):
        self.closed = True


def fake_audit(request: AuditRequest) -> Audit:
    """A critic that prefers the second picture, of 12 pairs a structure, and stands a mark."""
    seen = [Observation("first-picture", s, -1) for s in STRUCTURES for _ in range(8)]
    seen += [Observation("first-picture", s, 0) for s in STRUCTURES for _ in range(4)]
    seen += [Observation("mark", s, 0) for s in STRUCTURES for _ in range(12)]
    for n in range(5):
        rated = ("alpha", ("alpha", "beta")[n % 2])
        seen.append(Observation("readers-unadvised", "liver", n % 2, rated=rated))
    reasons = {AuditTest.TRUSTED: "No label set of this review is marked as trusted."}
    lines, calls = lines_of(seen, request.tests), {"mark": 144}
    told = (CRITIC, "2026-01-01T00:00:00Z", "labelcritic", request.tests, request.sample, "0", request.repeats)
    return Audit(Report(*told, lines, reasons, calls), ())


class HeldRunner:
    """Holds work until the test lets it go, lane by lane or all of it."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Lane, Callable[[], Any], Callable[[Any], None], str | None, Any, int]] = []
        self._latest: dict[str, int] = {}
        self._number = 0

    def run(self, lane, work, done, *, key=None, on_error=None):
        self._number += 1
        if key is not None:
            self._latest[key] = self._number
        self.waiting.append((lane, work, done, key, on_error, self._number))

    def go(self, lane: Lane | None = None) -> int:
        """Do what waits now (on one lane), not what it asks for; return how much it was."""
        mine = [entry for entry in self.waiting if lane is None or entry[0] is lane]
        self.waiting = [entry for entry in self.waiting if entry not in mine]
        for _, work, done, key, on_error, number in mine:
            try:
                result = work()
            except Exception as error:
                if on_error is None:
                    raise
                on_error(error)
                continue
            if key is None or self._latest[key] == number:
                done(result)
        return len(mine)

    def settle(self) -> None:
        """Do everything, and everything that follows from it."""
        while self.go():
            pass


class Clock:
    """A steady clock that only moves when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class FakeServices:
    """What a station is given; every review opened is `calls`."""

    settings: Settings
    calls: FakeCalls
    broken: Exception | None = None

    @property
    def structures(self):
        return StructureTable()

    def open_review(self, folder):
        if self.broken is not None:
            raise self.broken
        return self.calls

    def create_demonstration(self, folder, progress, cancel):
        progress(1, 2, "making")
        return self.calls

    def rendering_critic(self, database, prompts):
        return LvlmCritic(LvlmServer("http://127.0.0.1:9/v1"), prompts=prompts)

    def with_settings(self, settings):
        return replace(self, settings=settings)


def full_disk() -> StorageError:
    return StorageError("The disk is full.", "Free some space.")
