"""Where the reader is, kept while reading and taken up again: item, look, list, screen. Layer: viewmodels.

What is kept is kept often, so that a program that is killed comes back to where it was; nothing here is worth a wait.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from psygnal import Signal

from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.query.fields import SORTS
from labelcritic_gui.settings.session import keep_place, load_place
from labelcritic_gui.viewmodels.runner import Lane, Runner
from labelcritic_gui.viewmodels.screens import ScreenMode
from labelcritic_gui.viewmodels.station import Station


class Session:
    """Follows a station.

    `touched` tells that there is something to keep: whoever has a clock calls `keep` soon; `restored` that the list is
    asked for what it showed then.

    The item itself is in the review's bookmark, written before the screen moves on; kept here is what the bookmark does
    not say, and an item that was decided already and looked at again.
    """

    touched: ClassVar[Signal] = Signal()
    restored: ClassVar[Signal] = Signal()

    def __init__(self, station: Station, runner: Runner) -> None:
        self._station = station
        self._runner = runner
        self._kept: dict[str, Any] = {}
        self._folder: Path | None = None
        self._sheet_wanted = False
        self._looking_wanted: dict[str, Any] = {}
        self._item_wanted: ItemId | None = None
        self._restoring = False
        station.review_changed.connect(self._review_changed)
        station.looking.changed.connect(self._touch)
        station.mode_changed.connect(self._touch)

    # --- keeping -----------------------------------------------------------------------------------------------

    def _touch(self) -> None:
        if self._folder is not None and not self._restoring:
            self.touched.emit()

    def keep(self, *, at_end: bool = False) -> None:
        """Write where the reader is, if that changed; `at_end` on the lane whose work is never dropped."""
        folder = self._folder
        if folder is None or self._restoring:
            return
        place = self.place()
        if place and place != self._kept:
            self._kept = place
            lane = Lane.DECIDE if at_end else Lane.STORE
            self._runner.run(lane, lambda: keep_place(folder, place), _nothing)

    def place(self) -> dict[str, Any]:
        """Return where the reader is, as plain values; empty while nothing is on the stage."""
        station, reading = self._station, self._station.reading
        if reading is None or reading.item is None or (reading.stage is None and station.mode is ScreenMode.READING):
            return {}
        asking = reading.worklist.asking
        looked_again = reading.state.last is not None and reading.list_follows and not reading.blinding.mode.hides
        return {
            "item": [reading.item.case, reading.item.structure] if looked_again else None,
            "looking": station.looking.state(),
            "list": {
                "text": asking.query.text,
                "saved": asking.saved,
                "sort": asking.query.sort,
                "descending": asking.query.descending,
            },
            "screen": (ScreenMode.SHEET if station.mode is ScreenMode.SHEET else ScreenMode.READING).value,
        }

    # --- taking up ---------------------------------------------------------------------------------------------

    def _review_changed(self) -> None:
        reading = self._station.reading
        self._kept, self._sheet_wanted, self._item_wanted = {}, False, None
        if reading is None:
            self._folder = None
            return
        self._folder = folder = reading.calls.folder
        self._restoring = True
        reading.stage_changed.connect(self._arrived)
        reading.item_changed.connect(self._touch)
        reading.state_changed.connect(self._touch)
        reading.worklist.asked.connect(self._touch)
        reading.worklist.ordered.connect(self._arrived)
        # before the reading asks for anything: the lane of the store keeps its order
        self._runner.run(Lane.STORE, lambda: load_place(folder), self._take_up, key="session")

    def _take_up(self, place: Mapping[str, Any]) -> None:
        reading = self._station.reading
        if reading is None or reading.calls.folder != self._folder:
            return
        self._restoring = False
        looking, listed, item = place.get("looking"), place.get("list"), place.get("item")
        if isinstance(looking, Mapping):
            self._looking_wanted = dict(looking)
            self._station.looking.restore(looking)
        if isinstance(listed, Mapping):
            reading.worklist.ask(**_query(listed))
        if isinstance(item, list) and len(item) == 2 and all(isinstance(part, str) for part in item):
            self._item_wanted = ItemId(CaseId(item[0]), item[1])
        self._sheet_wanted = place.get("screen") == ScreenMode.SHEET.value
        self.restored.emit()
        self._arrived()

    def _arrived(self) -> None:
        """Go to the item and the screen of then, as soon as there is something to go from."""
        reading = self._station.reading
        if reading is None or self._restoring or reading.item is None or reading.stage is None:
            return
        wanted, self._item_wanted = self._item_wanted, None
        if wanted is not None and wanted != reading.item and not reading.blinding.mode.hides and reading.list_follows:
            self._station.looking.restore(self._looking_wanted)
            reading.go_to(wanted)
            return
        if self._sheet_wanted and reading.worklist.index_of(reading.item) is not None:
            self._sheet_wanted = False
            sheet = self._station.sheet()
            if sheet is not None and not sheet.is_open:
                sheet.open()
        self._touch()


def _query(listed: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a kept query can be asked again."""
    wanted: dict[str, Any] = {n: listed[n] for n in ("text", "saved") if isinstance(listed.get(n), str)}
    if listed.get("sort") in SORTS:
        wanted["sort"] = listed["sort"]
    if isinstance(listed.get("descending"), bool):
        wanted["descending"] = listed["descending"]
    return wanted


def _nothing(_: object) -> None:
    """Take a result nobody waits for."""
