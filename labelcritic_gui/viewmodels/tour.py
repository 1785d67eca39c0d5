"""The difference tour: from one place where two candidates differ to the next, with what is said there.

Layer: viewmodels.
"""

from collections.abc import Callable
from typing import ClassVar

from psygnal import Signal

from labelcritic_gui.core.errors import CancelledError, UserError
from labelcritic_gui.core.geometry import Point
from labelcritic_gui.core.measures.regions import Claimant
from labelcritic_gui.core.tour import Stop, Tour, stop_at
from labelcritic_gui.imaging.window import Window
from labelcritic_gui.services.tour import Pair, Remark, Remarks
from labelcritic_gui.translation import tr
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.looking import Looking
from labelcritic_gui.viewmodels.messages import Message, of_error
from labelcritic_gui.viewmodels.reading.reading import Reading
from labelcritic_gui.viewmodels.runner import Job, Lane, Runner

MOST_REMARKS = 2
_LUNG_HU, _BONE_HU = -250.0, 300.0
"""Beyond these a place cannot be seen in a window for soft tissue."""
_SIDES: tuple[Claimant, Claimant] = ("first", "second")


class Touring:
    """Goes around the differences of the first two candidates on the stage. GUI thread only.

    `tour` is None until it was asked for; `current` is the stop that is shown, counted from 0, or -1. The tour needs
    the case's slices: asked for before they are here, it begins when they are.
    """

    changed: ClassVar[Signal] = Signal()

    def __init__(self, calls: ReviewCalls, runner: Runner, reading: Reading, looking: Looking) -> None:
        self._calls, self._runner = calls, runner
        self._reading, self._looking = reading, looking
        self._say = reading.said.emit
        self.tour: Tour | None = None
        self.current = -1
        self._pair: Pair | None = None
        self._remarks: Remarks = ()
        self._been: set[int] = set()
        self._then: Callable[[], None] | None = None
        self._job: Job | None = None
        self._usual_window: Window | None = None
        reading.item_changed.connect(self._forget)
        reading.stage_changed.connect(self._take_stage)
        reading.volume_changed.connect(self._take_volume)
        reading.opinions_changed.connect(self._ask_remarks)

    # --- what there is -------------------------------------------------------------------------------------------

    @property
    def stops(self) -> tuple[Stop, ...]:
        """All places, the biggest difference first; empty while the tour was not asked for."""
        return self.tour.stops if self.tour is not None else ()

    @property
    def stop(self) -> Stop | None:
        """The place that is shown."""
        return self.stops[self.current] if 0 <= self.current < len(self.stops) else None

    @property
    def waiting(self) -> bool:
        """Say whether the reader asked for the tour and it is not here yet."""
        return self._then is not None

    def name_of(self, claimant: Claimant) -> str:
        """Return what a side is called on the screen: its label set, or the number of its panel where names hide."""
        stage, position = self._reading.stage, _SIDES.index(claimant)
        if stage is None or position >= len(stage.panels) or not self._reading.named:
            return str(position + 1)
        return stage.panels[position].label_set.title

    @property
    def caption(self) -> str:
        """Say of the place that is shown: which of how many, how much of whom, how dense, and what is said of it."""
        stop = self.stop
        if stop is None:
            return ""
        words = tr("{n} of {total}: {rim}{size} only in {name}, {hu} HU").format(
            n=self.current + 1,
            total=len(self.stops),
            rim=tr("boundary, ") if stop.rim else "",
            size=size_words(stop.volume_ml),
            name=self.name_of(stop.claimant),
            hu=f"{stop.hu_mean:.0f}",
        )
        said = "; ".join(self._told(remark, stop) for remark in self.remarks[:MOST_REMARKS])
        return f"{words} — {said}" if said else words

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What the critic says at the place that is shown; nothing while the verdict is hidden."""
        if not self._reading.verdict_visible or not 0 <= self.current < len(self._remarks):
            return ()
        return self._remarks[self.current]

    def _told(self, remark: Remark, stop: Stop) -> str:
        words = remark.text.rstrip(".")
        if remark.code is not None:
            words = f"{words} ({remark.code.value})"
        about = remark.side
        return words if about is None or about == stop.claimant else f"{self.name_of(about)}: {words}"

    # --- going around --------------------------------------------------------------------------------------------

    def next(self) -> None:
        """Go to the next place, from the last one to the first."""
        self._when_ready(lambda: self._go(0 if self.current < 0 else self.current + 1))

    def previous(self) -> None:
        """Go to the place before, from the first one to the last."""
        self._when_ready(lambda: self._go(-1 if self.current < 0 else self.current - 1))

    def jump(self, number: int) -> None:
        """Go to a place by its number, counted from 0."""
        self._when_ready(lambda: self._go(number))

    def jump_to(self, place: Point) -> None:
        """Go to the difference that a world place lies in or near; only there, when none is near."""
        if self.tour is None and self._reading.volume is None:  # nothing moves by itself when the slices come
            self._looking.go_to(place)
            return

        def go() -> None:
            number = stop_at(self.stops, place)
            if number is None:
                self._looking.go_to(place)
            else:
                self._go(number)

        self._when_ready(go, quiet=True)

    def leave(self) -> bool:
        """End the tour, and show the window of before; say whether one was under way."""
        was = self.current >= 0 or self._then is not None
        self.current, self._then = -1, None
        if was:
            self._restore_window()
            self._looking.tell()
            self.changed.emit()
        return was

    def prepare(self) -> None:
        """Find the differences without going to one, because their sizes are shown."""
        if self.tour is None and self._job is None and self._reading.volume is not None:
            self._find()

    def _when_ready(self, then: Callable[[], None], *, quiet: bool = False) -> None:
        if self._reading.stage is None:
            return
        if self._pair is None:
            self._say(Message(tr("There are no two masks here whose differences could be shown.")))
            return
        if self.tour is not None:
            if self.stops:
                then()
            elif not quiet:
                self._say(Message(self._same_words()))
            return
        self._then = then
        self._find()
        self.changed.emit()

    def _same_words(self) -> str:
        names = [self.name_of(side) for side in _SIDES]
        tour = self.tour
        if tour is not None and tour.both_ml == 0.0:
            return tr("{first} and {second} do not differ: both are empty.").format(first=names[0], second=names[1])
        words = tr("{first} and {second} do not differ: they have the same voxels.")
        return words.format(first=names[0], second=names[1])

    def _go(self, number: int) -> None:
        self.current = number % len(self.stops)
        stop = self.stops[self.current]
        if self.current not in self._been:
            self._been.add(self.current)
            self._looking.toured()
        self._restore_window()
        self._suit_window(stop)
        self._looking.go_to(stop.place, low=stop.low, high=stop.high)
        self.changed.emit()

    def _suit_window(self, stop: Stop) -> None:
        """Show a place through a window in which it can be seen, until the next stop."""
        window, hu = self._looking.window, stop.hu_mean
        if window.low <= hu <= window.high:
            return
        self._usual_window = window
        suited = "lung" if hu < _LUNG_HU else "bone" if hu > _BONE_HU else "abdomen"
        self._looking.window = self._looking.presets[suited]

    def _restore_window(self) -> None:
        if self._usual_window is not None:
            self._looking.window, self._usual_window = self._usual_window, None

    # --- finding -------------------------------------------------------------------------------------------------

    def _forget(self) -> None:
        self._drop()
        self._pair = None
        self.changed.emit()

    def _drop(self) -> None:
        if self._job is not None:
            self._job.cancel()
        self.tour = self._job = self._then = self._usual_window = None
        self.current = -1
        self._remarks = ()
        self._been = set()

    def _take_stage(self) -> None:
        """Turn to the two candidates that stand first; swapped, they have the same differences."""
        pair = self._pair_on_stage()
        if pair == self._pair:
            return
        turned = self.tour is not None and pair is not None and self._pair == pair[::-1]
        if turned and self.tour is not None:
            self.tour = self.tour.swapped()
            self._remarks = tuple(tuple(_swapped(one) for one in here) for here in self._remarks)
        else:
            self._drop()
        self._pair = pair
        self.changed.emit()

    def _pair_on_stage(self) -> Pair | None:
        stage = self._reading.stage
        panels = stage.panels[:2] if stage is not None else ()
        found = [panel.candidate for panel in panels if panel.candidate is not None and not panel.refused]
        return (found[0], found[1]) if len(found) == 2 else None

    def _take_volume(self) -> None:
        slicing = self._reading.slicing
        if self._then is not None and self._job is None:
            if slicing.volume is not None:
                self._find()
            elif slicing.loading is None:  # given up, or failed
                self._then = None
                if slicing.failure is not None:
                    self._say(slicing.failure)
                self.changed.emit()

    def _find(self) -> None:
        volume, pair = self._reading.volume, self._pair
        if self._job is not None or pair is None:
            return
        if volume is None:
            self._reading.slicing.want()
            return
        job = self._job = Job("")
        self._runner.run(
            Lane.CPU,
            lambda: self._calls.find_differences(volume, pair, job),
            lambda tour: self._found(pair, tour),
            key="tour",
            on_error=lambda error: self._failed(pair, error),
        )

    def _found(self, pair: Pair, tour: Tour) -> None:
        if pair != self._pair:
            if self._pair is None or pair != self._pair[::-1]:
                return
            tour = tour.swapped()
        self.tour, self._job = tour, None
        then, self._then = self._then, None
        self._ask_remarks()
        if then is not None:
            self._when_ready(then)
        self.changed.emit()

    def _failed(self, pair: Pair, error: BaseException) -> None:
        if pair != self._pair:
            return
        self._job = self._then = None
        self.changed.emit()
        if isinstance(error, CancelledError):
            return
        if not isinstance(error, UserError):
            raise error
        # the cause could name a label set
        hidden = Message(tr("The differences could not be found."), error=True)
        self._say(of_error(error) if self._reading.named else hidden)

    def _ask_remarks(self) -> None:
        tour, pair = self.tour, self._pair
        if tour is not None and tour.stops and pair is not None:
            self._runner.run(
                Lane.CPU,
                lambda: self._calls.remarks_at(pair, tour),
                lambda found: self._take_remarks(tour, found),
                key="tour remarks",
            )

    def _take_remarks(self, tour: Tour, found: Remarks) -> None:
        if tour is self.tour:
            self._remarks = found
            self.changed.emit()


def size_words(ml: float) -> str:
    """Say a volume: "0.42 ml", "14.2 ml", "120 ml"."""
    return tr("{ml} ml").format(ml=f"{ml:.2f}" if ml < 1.0 else f"{ml:.1f}" if ml < 100.0 else f"{ml:.0f}")


def _swapped(remark: Remark) -> Remark:
    if remark.side is None:
        return remark
    return Remark(remark.text, remark.code, "second" if remark.side == "first" else "first", remark.severity)
