"""How a review in memory is read: as it says, without a verdict after a decision and without repeats."""

from labelcritic_gui.services.ledger import Ledger


class FakeModes:
    """Mixed into `FakeCalls`. Blind-first readings and repeats are tested on reviews on disk."""

    def __init__(self) -> None:
        super().__init__()
        self.reader = "reader"
        self.seed = "Fake review"
        self.repeats = 0.0
        self.read_as: tuple[str, float] | None = None
        self.mode_broken: Exception | None = None
        self.counted = Ledger((), "assisted", 0.0, "")

    def reveal(self, item, seen):
        return None

    def unfinished(self):
        return None

    def due_repeats(self, *, others_left):
        return ()

    def undone_repeat(self):
        return None

    def disguise(self, item):
        self.disguised = item

    def change_mode(self, mode, repeats):
        if self.mode_broken is not None:
            raise self.mode_broken
        self.read_as = (mode, repeats)

    def ledger(self, cancel, progress):
        progress(1, 1, "reading the journal")
        return self.counted
