"""Writing prompts: what is listed, kept, refused, previewed and taken back."""

from pathlib import Path

import pytest

from labelcritic_gui.critic.prompt_files import PromptFiles, own_prompts_dir
from labelcritic_gui.critic.prompts import load_prompts
from labelcritic_gui.settings import Settings
from labelcritic_gui.viewmodels.messages import Message
from labelcritic_gui.viewmodels.prompt_editor import GENERAL_NAME, Ask, Mark, PromptEditor, edit_prompts
from labelcritic_gui.viewmodels.runner import InlineRunner, Lane
from labelcritic_gui.viewmodels.station import Station
from tests.viewmodels.fakes import SETS, FakeCalls, FakeServices, HeldRunner

LIVER = "structures/liver.toml"


class Desk:
    """A station with an editor on a person's own folder, everything done at once."""

    def __init__(self, *, opened: bool = True, runner=None, calls: FakeCalls | None = None) -> None:
        self.services = FakeServices(Settings(reader="ann"), calls or FakeCalls())
        self.runner = runner or InlineRunner()
        self.station = Station(self.services, self.runner, bind=lambda review, reader: review)
        if opened:
            self.station.open(Path("/nowhere/review"))
        self.said: list[Message] = []
        self.editor: PromptEditor = edit_prompts(self.station, self.runner)
        self.editor.said.connect(self.said.append)
        self.editor.start()

    @property
    def calls(self) -> FakeCalls:
        return self.services.calls

    def write(self, old: str, new: str) -> None:
        assert old in self.editor.text
        self.editor.edit(self.editor.text.replace(old, new, 1))
        self.editor.look()


@pytest.fixture
def desk() -> Desk:
    return Desk()


def own(name: str) -> Path:
    return own_prompts_dir() / name


def test_that_it_begins_with_the_words_of_the_item_on_the_stage(desk: Desk) -> None:
    assert desk.editor.name == LIVER
    rows = desk.editor.rows
    assert [row.title for row in rows[:6]] == [
        "compare.j2",
        "assess.j2",
        "region.j2",
        "reasons.j2",
        "pictures.j2",
        "checklist.j2",
    ]
    assert rows[6].name == GENERAL_NAME
    assert {row.mark for row in rows} == {Mark.SHIPPED}
    assert desk.editor.hash == load_prompts().hash


def test_that_unsaved_words_are_previewed_for_the_item_in_both_orders(desk: Desk) -> None:
    desk.write("The largest organ", "The very largest organ")
    found = desk.editor.found
    assert found is not None
    assert found.problems == ()
    assert found.preview is not None
    assert found.preview.item == desk.calls.items[0]
    assert found.preview.prompts != desk.editor.hash
    assert [sheet.title for sheet in desk.editor.sheets] == ["Order AB", "Order BA"]
    assert all("The very largest organ" in sheet.text for sheet in desk.editor.sheets)
    assert [line[:20] for line in found.difference if line.startswith("+a")] == ['+anatomy = "The very']
    assert desk.calls.previewed[-1] == (desk.calls.items[0], Ask.COMPARE, "liver")
    assert not own(LIVER).exists()


def test_that_faults_are_listed_with_their_lines_and_leave_no_preview(desk: Desk) -> None:
    desk.editor.edit('anatomy = ""\nright = ["a"]\nerrors = ["b"]\nx = 3\n')
    desk.editor.look()
    found = desk.editor.found
    assert found is not None
    assert [(p.line, p.text) for p in found.problems] == [
        (1, "anatomy: it is empty"),
        (4, "x: Extra inputs are not permitted"),
    ]
    assert found.preview is None
    assert found.failure is not None


def test_that_what_cannot_be_used_is_not_saved(desk: Desk) -> None:
    desk.editor.edit("anatomy = 3")
    desk.editor.save()
    assert desk.said[0].text.startswith("Not saved. ")
    assert desk.said[0].error
    assert desk.editor.unsaved == (LIVER,)
    assert not own(LIVER).exists()


def test_that_saving_marks_the_file_and_changes_the_set(desk: Desk) -> None:
    saved = []
    desk.editor.saved.connect(lambda: saved.append(desk.editor.hash))
    desk.write("The largest organ", "The very largest organ")
    assert desk.editor.chosen is not None
    assert desk.editor.chosen.unsaved
    desk.editor.save()
    assert "The very largest organ" in own(LIVER).read_text("utf-8")
    assert desk.editor.unsaved == ()
    assert desk.editor.chosen.mark is Mark.CHANGED
    assert saved == [load_prompts(own_prompts_dir()).hash] != [load_prompts().hash]


def test_that_resetting_takes_the_file_away_and_shows_the_shipped_text(desk: Desk) -> None:
    shown = []
    desk.write("The largest organ", "The very largest organ")
    desk.editor.save()
    desk.write("The very largest organ", "Something else, unsaved")
    desk.editor.chosen_changed.connect(lambda: shown.append(desk.editor.text))
    desk.editor.reset()
    assert not own(LIVER).exists()
    assert desk.editor.unsaved == ()
    assert desk.editor.chosen is not None
    assert desk.editor.chosen.mark is Mark.SHIPPED
    assert "The largest organ" in shown[-1]
    assert desk.editor.hash == load_prompts().hash


def test_that_unsaved_words_survive_a_look_at_another_file(desk: Desk) -> None:
    desk.write("The largest organ", "The very largest organ")
    desk.editor.choose("compare.j2")
    assert desk.editor.ask is Ask.COMPARE
    desk.editor.choose(LIVER)
    assert "The very largest organ" in desk.editor.text
    desk.write("The very largest organ", "The largest organ")
    assert desk.editor.unsaved == ()


def test_that_texts_that_belong_together_are_previewed_together(desk: Desk) -> None:
    desk.write("The largest organ", "The very largest organ")
    desk.editor.choose("checklist.j2")
    desk.write("The structure:", "It is about:")
    text = desk.editor.sheets[0].text
    assert "It is about: liver. The very largest organ" in text


def test_that_a_template_shows_its_own_question(desk: Desk) -> None:
    for name, ask in (("assess.j2", Ask.ASSESS), ("region.j2", Ask.REGION), ("reasons.j2", Ask.REASONS)):
        desk.editor.choose(name)
        assert desk.editor.ask is ask
    desk.editor.choose("region.j2")
    desk.editor.choose("structures/spleen.toml")
    assert desk.editor.ask is Ask.COMPARE


def test_that_one_label_set_is_previewed_by_its_quality() -> None:
    assert Desk(calls=FakeCalls(label_sets=SETS[:1])).editor.ask is Ask.ASSESS


def test_that_a_new_structure_begins_with_the_general_words(desk: Desk) -> None:
    assert desk.editor.wordless == ("thyroid_gland",)
    desk.editor.add("Thyroid gland")
    name = "structures/thyroid_gland.toml"
    assert desk.editor.name == name
    assert desk.editor.text.startswith("# The words for the Thyroid gland.\nanatomy = ")
    assert not own(name).exists()
    desk.editor.save()
    assert own(name).exists()
    assert desk.editor.chosen is not None
    assert desk.editor.chosen.mark is Mark.OWN
    assert desk.editor.wordless == ()
    desk.editor.reset()
    assert not own(name).exists()
    assert desk.editor.name == GENERAL_NAME


def test_that_a_name_that_cannot_be_one_is_refused(desk: Desk) -> None:
    desk.editor.add("../liver")
    assert desk.said[0].error
    assert desk.editor.name == LIVER
    desk.editor.add("liver")
    assert desk.editor.unsaved == ()


def test_that_everything_unsaved_is_saved_or_discarded_at_once(desk: Desk) -> None:
    done = []
    desk.write("The largest organ", "The very largest organ")
    desk.editor.choose("compare.j2")
    desk.write("Gross mistakes", "Coarse mistakes")
    desk.editor.save_all(lambda: done.append(True))
    assert done == [True]
    assert own(LIVER).exists()
    assert own("compare.j2").exists()
    desk.write("Coarse mistakes", "Heavy mistakes")
    desk.editor.discard()
    assert desk.editor.unsaved == ()


def test_that_saving_all_stops_at_what_cannot_be_used_and_shows_it(desk: Desk) -> None:
    done = []
    desk.editor.edit("anatomy = 3")
    desk.editor.choose("compare.j2")
    desk.editor.save_all(lambda: done.append(True))
    assert done == []
    assert desk.editor.name == LIVER
    assert desk.editor.unsaved == (LIVER,)


def test_that_without_a_review_the_words_are_shown_without_pictures() -> None:
    desk = Desk(opened=False)
    assert desk.editor.name == "compare.j2"
    assert desk.editor.found is not None
    assert desk.editor.found.preview is not None
    assert "No review is open" in desk.editor.found.preview.notes[0]
    assert desk.editor.sheets[0].pictures == ()
    assert desk.editor.wordless == ()


def test_that_a_broken_file_of_a_person_is_shown_and_mended_here() -> None:
    own(LIVER).parent.mkdir(parents=True)
    own(LIVER).write_text("anatomy = 3\n", "utf-8")
    desk = Desk()
    assert desk.editor.hash == ""
    assert desk.editor.found is not None
    assert desk.editor.found.problems
    desk.editor.reset()
    assert desk.editor.hash == load_prompts().hash


def test_that_a_review_whose_critic_uses_the_prompts_is_opened_anew_and_another_is_not(desk: Desk) -> None:
    opened = []
    desk.station.review_changed.connect(lambda: opened.append(desk.station.reading is not None))
    desk.write("The largest organ", "The very largest organ")
    desk.editor.save()
    assert opened == []
    desk.calls.critic_lane = Lane.NET
    desk.write("The very largest organ", "The by far largest organ")
    desk.editor.save()
    assert opened == [False, True]
    assert desk.editor.found is not None
    assert desk.editor.found.preview is not None
    assert desk.editor.found.preview.item == desk.station.reading.item


def test_that_a_long_job_is_not_disturbed_and_the_review_follows_after_it() -> None:
    runner = HeldRunner()
    desk = Desk(runner=runner)
    runner.settle()
    desk.calls.critic_lane = Lane.NET
    opened = []
    desk.station.review_changed.connect(lambda: opened.append(desk.station.reading is not None))
    desk.station.export(Path("/nowhere/out"))
    desk.station.take_prompts()
    assert opened == []
    runner.settle()
    assert desk.calls.exported == Path("/nowhere/out")
    assert opened == [False, True]


def test_that_only_the_newest_text_is_looked_at() -> None:
    runner = HeldRunner()
    desk = Desk(runner=runner)
    runner.settle()
    desk.editor.choose(LIVER)
    runner.settle()
    before = len(desk.calls.previewed)
    for word in ("one", "two", "three"):
        desk.editor.edit(f'anatomy = "{word}"\nright = ["a"]\nerrors = ["b"]\n')
        desk.editor.look()
    assert desk.editor.looking
    runner.settle()
    assert not desk.editor.looking
    assert len(desk.calls.previewed) == before + 1
    assert "three" in desk.editor.sheets[0].text


def test_that_a_closed_editor_follows_the_review_no_more(desk: Desk) -> None:
    desk.editor.close()
    before = len(desk.calls.previewed)
    desk.station.reading.open_item(desk.calls.items[1])
    desk.station.close_review()
    assert len(desk.calls.previewed) == before


def test_that_what_is_previewed_follows_the_item_on_the_stage(desk: Desk) -> None:
    desk.station.reading.open_item(desk.calls.items[1])
    assert desk.calls.previewed[-1][0] == desk.calls.items[1]


def test_that_about_tells_what_may_be_written(desk: Desk) -> None:
    desk.editor.choose("region.j2")
    sentences, rows = desk.editor.about
    assert sentences.startswith("Which part of the body a scan shows")
    assert [name for name, _ in rows] == ["letters", "landmarks", "structures"]
    assert PromptFiles(own_prompts_dir()).file("region.j2").own is None
