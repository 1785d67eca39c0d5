"""Critics that change, fail and come back."""

from pathlib import Path

import pytest

from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.errors import StorageError
from labelcritic_gui.core.verdict import Outcome
from labelcritic_gui.critic.client import LvlmServer
from labelcritic_gui.critic.lvlm import LvlmCritic
from labelcritic_gui.critic.prompt_files import PromptFiles
from labelcritic_gui.services import comparison, worklist
from labelcritic_gui.services.opinions import ensure_opinions, form_opinions, keep_opinions, missing_opinions
from labelcritic_gui.services.review import now
from labelcritic_gui.services.switching import choose_critic
from labelcritic_gui.store.replies import StoredReplies
from tests.fake_llm import FakeLlm, always
from tests.making import Dataset

CASE = CaseId("case_1")
LIVER = ItemId(CASE, "liver")


def lvlm(dataset_review, url: str) -> LvlmCritic:
    server = LvlmServer(url=url, model="", attempts=1, timeout_s=20)
    return LvlmCritic(server, cache=StoredReplies(dataset_review.database, now))


def test_a_server_that_is_down_fails_the_items_and_keeps_the_anatomy_findings(dataset: Dataset) -> None:
    opened = dataset.open()
    opened = choose_critic(opened, "lvlm", lvlm(opened, "http://127.0.0.1:9/v1"))
    changed = ensure_opinions(opened, CASE)
    rows = [worklist.row(opened, item) for item in changed.items]
    assert len(rows) == 3
    assert {r.outcome for r in rows} == {Outcome.FAILED.value}
    assert all("No LVLM server" in said for said in changed.failed.values())
    assert missing_opinions(opened, CASE)
    assert all(r.dice is not None for r in rows)
    opened.close()


def test_answers_are_asked_once_and_survive_a_server_that_goes_away(dataset: Dataset) -> None:
    opened = dataset.open()
    with FakeLlm(always("A")) as server:
        critic = lvlm(opened, server.url)
        opened = choose_critic(opened, "lvlm", critic)
        ensure_opinions(opened, CASE)
        asked = len(server.chats)
        assert asked > 0
        again = form_opinions(opened, CASE, again=True)
        keep_opinions(opened, again)
        assert len(server.chats) == asked
        critic.client.close()
    # always the first picture, whichever it is: the orders disagree, and nobody is picked
    assert worklist.row(opened, LIVER).outcome == Outcome.UNDECIDED.value
    assert worklist.row(opened, LIVER).orders_agree is False
    gone = lvlm(opened, "http://127.0.0.1:9/v1")
    keep_opinions(opened, form_opinions(opened, CASE, critic=gone, again=True))
    assert worklist.row(opened, LIVER).outcome == Outcome.UNDECIDED.value
    opened.close()


def test_switching_critics_shows_what_each_one_said(dataset: Dataset) -> None:
    opened = dataset.open()
    anatomy = opened.critic
    ensure_opinions(opened, CASE)
    before = worklist.row(opened, LIVER)
    assert before.pick == "good"
    switched = choose_critic(opened, "lvlm", lvlm(opened, "http://127.0.0.1:9/v1"))
    assert worklist.row(switched, LIVER).outcome == ""
    back = choose_critic(switched, "anatomy", anatomy)
    assert worklist.row(back, LIVER) == before
    opened.close()
    again = dataset.open()
    assert again.critic.identity.kind == "anatomy"
    again.close()


def test_a_switch_that_was_interrupted_is_made_whole_by_the_next(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = dataset.open()
    ensure_opinions(opened, CASE)

    def interrupted(*_: object, **__: object) -> None:
        raise StorageError("The disk is full.")

    critic = lvlm(opened, "http://127.0.0.1:9/v1")
    with monkeypatch.context() as patched:
        patched.setattr("labelcritic_gui.store.opinions.save_opinions", interrupted)
        with pytest.raises(StorageError):
            choose_critic(opened, "lvlm", critic)
    opened.close()
    opened = choose_critic(dataset.open(), "lvlm", lvlm(opened, "http://127.0.0.1:9/v1"))
    assert worklist.row(opened, LIVER).outcome == "", "the LVLM critic has said nothing"
    opened.close()


def test_a_mask_that_changed_is_named_and_judged_anew(dataset: Dataset) -> None:
    opened = dataset.open()
    ensure_opinions(opened, CASE)
    before = worklist.row(opened, LIVER)
    assert ensure_opinions(opened, CASE).notices == ()
    folder = dataset.root / "labels"
    good = folder / "good" / "case_1" / "segmentations" / "liver.nii.gz"
    (folder / "bad" / "case_1" / "segmentations" / "liver.nii.gz").write_bytes(good.read_bytes())
    changed = ensure_opinions(opened, CASE)
    after = worklist.row(opened, LIVER)
    assert len(changed.notices) == 1
    assert "liver.nii.gz" in changed.notices[0]
    assert LIVER in changed.items
    assert before.dice is not None
    assert before.dice < 1.0
    assert after.dice == 1.0
    good.unlink()
    assert "missing" in ensure_opinions(opened, CASE).notices[0]
    opened.close()


def test_what_was_answered_to_other_prompts_stands_and_is_named_until_it_is_asked_anew(
    dataset: Dataset, tmp_path: Path
) -> None:
    opened = dataset.open()
    files = PromptFiles(tmp_path / "own")
    text = files.file("structures/liver.toml").text.replace("The largest organ", "The very largest organ")
    with FakeLlm(always("A")) as server:
        critic = lvlm(opened, server.url)
        opened = choose_critic(opened, "lvlm", critic)
        ensure_opinions(opened, CASE)
        assert comparison.load_opinions(opened, LIVER).other_prompts == ""
        asked = len(server.chats)
        changed = choose_critic(opened, "lvlm", critic.with_prompts(files.preview({"structures/liver.toml": text})))
        assert ensure_opinions(changed, CASE, anew=False).items == ()
        assert len(server.chats) == asked
        assert comparison.load_opinions(changed, LIVER).other_prompts == critic.identity.prompts
        assert LIVER in ensure_opinions(changed, CASE, anew=True).items
        # the words of one structure changed: of the other questions, nothing is sent twice
        assert len(server.chats) == asked + 2
        assert comparison.load_opinions(changed, LIVER).other_prompts == ""
        critic.client.close()
    opened.close()
