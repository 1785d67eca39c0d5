"""What a search for outliers finds, without one."""

import threading

from labelcritic_gui.core.cancel import stop_if
from labelcritic_gui.core.cases import CaseId
from labelcritic_gui.core.cohort import CohortReport, CohortSize, Outlier
from labelcritic_gui.services.cohort import ReviewOutliers


def outlier(case: str, structure: str, label_set: str, measure: str, deviation: float, sentence: str) -> Outlier:
    return Outlier(CaseId(case), structure, label_set, measure, 9.0, 50.0, 90.0, deviation, 0.001, 39, 9.0, sentence)


OUTLIERS = (
    outlier(
        "case_1",
        "spleen",
        "beta",
        "volume",
        -9.1,
        "the volume is 9 ml; in the other 39 cases it is usually 50 to 90 ml.",
    ),
    outlier(
        "case_2",
        "liver",
        "alpha",
        "lateral",
        7.5,
        "the distance from the midline (right positive) is -40 mm; in the other 39 cases it is usually 30 to 60 mm.",
    ),
    outlier("case_1", "spleen", "beta", "length", -6.2, "the length from head to foot is 20 mm."),
)


class FakeCohort:
    """The search of `FakeCalls`. `odd` is what it finds; `cohort_gate` holds it, `cohort_broken` breaks it."""

    def __init__(self) -> None:
        super().__init__()
        self.odd: tuple[Outlier, ...] = OUTLIERS
        self.searched = 0
        self.cohort_gate: threading.Event | None = None
        self.cohort_broken: Exception | None = None

    def find_outliers(self, cancel, progress):
        progress(1, 3, "reading what was measured")
        while self.cohort_gate is not None and not self.cohort_gate.wait(0.01):
            stop_if(cancel)
        if self.cohort_broken is not None:
            raise self.cohort_broken
        self.searched += 1
        judged, few = (CohortSize("liver", "alpha", 40),), (CohortSize("pancreas", "alpha", 3),)
        return ReviewOutliers(CohortReport(self.odd, 400, judged, few), 40, 42)
