"""A person's own prompts: what is wrong with them is said with file and line, and nothing else is ever written."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelcritic_gui.core.errors import StorageError, UnreadableFileError
from labelcritic_gui.core.patient.field_of_view import Limit
from labelcritic_gui.core.structures import Structure
from labelcritic_gui.critic.prompt_files import PromptFiles, own_prompts_dir
from labelcritic_gui.critic.prompt_sources import (
    GENERAL,
    LONGEST_FILE,
    VARIABLES,
    Problem,
    PromptError,
    problems_in,
    read_sources,
)
from labelcritic_gui.critic.prompts import load_prompts
from labelcritic_gui.paths import prompts_dir

SHIPPED = read_sources(prompts_dir()).texts
LIVER = "structures/liver.toml"
GOOD = 'anatomy = "Here."\nright = ["So."]\nerrors = ["Not so."]\n'
EMPTY = "{% block system %}{% endblock %}{% block question %}{% endblock %}"
MARK = "<" + "|im_end|>"


def block(question, system=""):
    return f"{{% block system %}}{system}{{% endblock %}}\n{{% block question %}}\n{question}\n{{% endblock %}}\n"


@pytest.fixture
def overlay(tmp_path):
    return tmp_path / "prompts"


@pytest.fixture
def files(overlay):
    return PromptFiles(overlay)


def put(overlay, name, text):
    file = overlay / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


# --- what is wrong with a file ---------------------------------------------------------------------------------------

WRONG_WORDS = [
    ("anatomy = ", 1, "not valid TOML"),
    (GOOD + "right = []\n", 4, "not valid TOML"),
    (GOOD + 'colour = "red"\n', 4, "colour: Extra inputs"),
    (GOOD.replace('"So."', '""'), 2, "right.0: it is empty"),
    (GOOD.replace('"So."', '" \\n "'), 2, "right.0: it is empty"),
    (GOOD.replace('"So."', ""), 2, "right: Tuple should have at least 1 item"),
    (GOOD.replace('"So."', "7"), 2, "right.0: Input should be a valid string"),
    (GOOD.replace("Here", "x" * 801), 1, "anatomy: String should have at most 800"),
    (GOOD.replace("Here", "Here " + MARK), 1, "it holds the control mark '<|'"),
    (GOOD.replace("Here", "Here \\u003c|x"), 1, "anatomy: it holds the control mark"),
    (GOOD.replace("Here", "Here ＜\u0301|x"), 1, "anatomy: it holds the control mark"),
    (GOOD.replace("Here", "Here \\u202e"), 1, "anatomy: it holds invisible or control characters"),
    ('anatomy = "Here."\n', 0, "errors: Field required"),
    (GOOD + '[drawing]\nwindow = "lung"\n', 5, "drawing.window: Input should be 'organs', 'bone' or 'skeleton'"),
    (GOOD + "[drawing]\nsolid = 3\n", 5, "drawing.solid"),
    (GOOD + '[drawing.view_hint]\ncoronal = "x"\n', 5, "drawing.view_hint.coronal: Extra inputs"),
    (GOOD + '[[variant]]\nname = "v"\nwhen_missing = ["knee"]\ntitle = "t"\n', 6, "variant.0.when_missing.0"),
    (GOOD + '[[variant]]\nname = "v"\nwhen_missing = []\ntitle = "t"\n', 6, "variant.0.when_missing"),
    (GOOD + '[[variant]]\nname = "v"\nwhen_missing = ["neck"]\n', 4, "variant.0: it replaces nothing"),
    (GOOD + '[[variant]]\nname = "Two words"\nwhen_missing = ["neck"]\ntitle = "t"\n', 5, "variant.0.name"),
    (
        GOOD + 2 * '[[variant]]\nname = "v"\nwhen_missing = ["neck"]\ntitle = "t"\n',
        0,
        "two variants have the same name",
    ),
    ("a = " + "[" * 5000, 0, "nested too deeply"),
    ("#" * (LONGEST_FILE + 1), 0, "more than"),
]


@pytest.mark.parametrize(("text", "line", "says"), WRONG_WORDS, ids=[str(n) for n in range(len(WRONG_WORDS))])
def test_that_a_fault_in_words_is_said_with_file_line_and_field(files, overlay, text, line, says):
    found = [problem for problem in files.validate(LIVER, text) if says in problem.text]
    assert [(problem.name, problem.line) for problem in found] == [(LIVER, line)]
    assert not overlay.exists()
    file = put(overlay, LIVER, text)
    with pytest.raises(PromptError, match="cannot be used") as caught:
        load_prompts(overlay)
    assert str(file) in caught.value.message
    assert says in caught.value.message
    assert caught.value.hint


WRONG_TEMPLATES = [
    ("compare.j2", block("{{ titel }}"), 3, "there is no variable 'titel'; there are anatomy, colour"),
    ("assess.j2", block("ok", system="{{ places }}"), 1, "there is no variable 'places'"),
    ("region.j2", block("{{ title }}"), 3, "there is no variable 'title'; there are landmarks, letters, structures"),
    ("reasons.j2", block("{{ letters.first }}"), 3, "there is no variable 'letters'"),
    ("pictures.j2", "\n{{ anatomy }}", 2, "there is no variable 'anatomy'"),
    ("checklist.j2", "{% if views %}{% endif %}", 1, "there is no variable 'views'"),
    ("compare.j2", "{% block system %}{% endblock %}", 0, "the block 'question' is missing"),
    ("compare.j2", "words without blocks", 0, "the block 'system' is missing"),
    ("compare.j2", "{% if %}", 1, "Expected an expression"),
    ("compare.j2", block("\n\n{% for %}"), 5, "xpected"),
    ("compare.j2", block("{{ title|shout }}"), 3, "No filter named 'shout'"),
    ("compare.j2", block("{{ [1, 2]|random }}"), 3, "No filter named 'random'"),
    ("compare.j2", block("{{ lipsum() }}"), 3, "there is no variable 'lipsum'"),
    ("compare.j2", block("{% include 'other.j2' %}"), 0, "it includes 'other.j2'"),
    ("compare.j2", block("{% include title %}"), 0, "it includes None"),
    ("compare.j2", block("{{ letters.frist }}"), 3, "no attribute 'frist'"),
    ("compare.j2", block("\n{{ judged[2] }}"), 4, "cannot be rendered"),
    ("compare.j2", block("{{ title.__class__.__mro__ }}"), 3, "unsafe"),
    ("compare.j2", block("{{ title / 2 }}"), 3, "cannot be rendered"),
    ("compare.j2", block("{{ right.append('x') }}"), 3, "cannot be rendered"),
    ("compare.j2", block("{{ 'x' * 50000 }}"), 0, "more than 40000 characters"),
    ("compare.j2", block("a " + MARK), 3, "it holds the control mark"),
    ("compare.j2", block("{{ '<' ~ '|' }}"), 0, "the control mark '<|' comes out of it"),
    ("pictures.j2", "a\n\n{{ views.frontal.depth }}", 3, "cannot be rendered"),
]


@pytest.mark.parametrize(
    ("name", "text", "line", "says"), WRONG_TEMPLATES, ids=[str(n) for n in range(len(WRONG_TEMPLATES))]
)
def test_that_a_fault_in_a_template_is_said_with_file_line_and_variable(files, overlay, name, text, line, says):
    found = [problem for problem in files.validate(name, text) if says in problem.text]
    assert [(problem.name, problem.line) for problem in found] == [(name, line)]
    file = put(overlay, name, text)
    with pytest.raises(UnreadableFileError, match="cannot be used") as caught:
        load_prompts(overlay)
    assert str(file) in caught.value.message
    assert says in caught.value.message


def test_that_all_faults_are_listed_first_line_first(files):
    text = 'colour = "red"\nanatomy = ""\nright = ["a", ""]\nerrors = ["x", "", ""]\n'
    found = files.validate(LIVER, text)
    assert [problem.line for problem in found] == sorted(problem.line for problem in found)
    assert len(found) == 5
    assert str(found[0]) == "line 1: colour: Extra inputs are not permitted"
    with pytest.raises(PromptError, match="and 2 more"):
        files.save(LIVER, text)


@pytest.mark.parametrize("name", list(SHIPPED))
def test_that_nothing_is_wrong_with_what_is_shipped(files, name):
    assert problems_in(name, SHIPPED[name]) == files.validate(name, SHIPPED[name]) == ()


@given(st.sampled_from([*VARIABLES, LIVER]), st.text(alphabet="{}%#=[]<>|\"'\n abtilefr.", max_size=60))
def test_that_no_text_whatever_breaks_the_check(name, text):
    assert isinstance(problems_in(name, text), tuple)


@pytest.mark.parametrize(
    "name", ["compares.j2", "structures/../x.toml", "structures/a b.toml", "structures/liver.txt", "/etc/x.toml", ""]
)
def test_that_a_file_of_an_unknown_name_is_refused(files, overlay, name):
    assert [problem.name for problem in files.validate(name, GOOD)] == [name]
    for act in (lambda: files.file(name), lambda: files.save(name, GOOD), lambda: files.reset(name)):
        with pytest.raises(PromptError, match="no prompt has this name"):
            act()
    assert not overlay.exists()


def test_that_a_template_of_an_unknown_name_is_not_passed_over(overlay):
    file = put(overlay, "comparison.j2", EMPTY)
    with pytest.raises(PromptError, match=r"no prompt has this name; the templates are compare\.j2") as caught:
        load_prompts(overlay)
    assert str(file) in caught.value.message


def test_that_two_files_for_one_structure_are_refused(overlay):
    put(overlay, "structures/Gall-Bladder.toml", GOOD)
    put(overlay, "structures/gall_bladder.toml", GOOD)
    with pytest.raises(PromptError, match=r"gall_bladder\.toml cannot be used: Gall-Bladder\.toml is for the same"):
        load_prompts(overlay)


def test_that_a_file_that_is_no_text_is_named(overlay):
    file = put(overlay, LIVER, b"\xff\xfe")
    with pytest.raises(PromptError, match=r"liver\.toml cannot be used: 'utf-8'") as caught:
        load_prompts(overlay)
    assert str(file) in caught.value.message


def test_that_missing_files_of_the_program_are_named(tmp_path):
    with pytest.raises(PromptError, match=r"compare\.j2 cannot be used: it is missing"):
        load_prompts(folder=tmp_path)
    for name in VARIABLES:
        put(tmp_path, name, SHIPPED[name])
    with pytest.raises(PromptError, match=rf"{GENERAL}\.toml cannot be used: it is missing"):
        load_prompts(folder=tmp_path)


# --- the editor's side -----------------------------------------------------------------------------------------------


def test_that_every_file_is_listed_templates_first(files):
    names = [file.name for file in files.all()]
    assert names[: len(VARIABLES)] == list(VARIABLES)
    assert names[len(VARIABLES)] == f"structures/{GENERAL}.toml"
    assert names[len(VARIABLES) + 1 :] == sorted(names[len(VARIABLES) + 1 :])
    assert {file.name: file.text for file in files.all()} == dict(SHIPPED)
    assert [file.is_template for file in files.all()].count(True) == len(VARIABLES)
    assert all(file.own is None for file in files.all())


def test_that_a_saved_text_is_used_and_taken_back(files, overlay):
    text = SHIPPED[LIVER].replace("A large wedge", "A very large wedge")
    files.save(LIVER, text)
    assert (overlay / LIVER).read_text(encoding="utf-8") == text
    assert [file.name for file in overlay.rglob("*.*")] == ["liver.toml"]
    one = files.file(LIVER)
    assert (one.shipped, one.own, one.text) == (SHIPPED[LIVER], text, text)
    assert "A very large wedge" in load_prompts(overlay).compare(Structure("liver")).text
    assert files.reset(LIVER) is True
    assert files.reset(LIVER) is False
    assert files.file(LIVER).own is None
    assert load_prompts(overlay).hash == load_prompts().hash


def test_that_saving_the_shipped_text_takes_ones_own_back(files, overlay):
    files.save(LIVER, GOOD)
    files.save(LIVER, SHIPPED[LIVER].replace("\n", "\r\n") + "\r\n")
    assert not (overlay / LIVER).exists()


def test_that_a_structure_of_ones_own_can_be_made_and_taken_away(files, overlay):
    new = files.file("structures/thymus.toml")
    assert (new.shipped, new.own, new.text, new.structure) == (None, None, "", "thymus")
    files.save(new.name, GOOD)
    assert new.name in [file.name for file in files.all()]
    assert "Not so." in load_prompts(overlay).compare(Structure("thymus")).text
    assert files.reset(new.name) is True
    assert new.name not in [file.name for file in files.all()]


def test_that_a_file_written_another_way_stays_the_one_that_is_edited(files, overlay):
    put(overlay, "structures/Gall-Bladder.toml", GOOD)
    one = files.file("structures/gall_bladder.toml")
    assert (one.name, one.shipped, one.own) == (
        "structures/Gall-Bladder.toml",
        SHIPPED["structures/gall_bladder.toml"],
        GOOD,
    )
    files.save("structures/gall_bladder.toml", GOOD.replace("Here", "There"))
    assert [file.name for file in (overlay / "structures").iterdir()] == ["Gall-Bladder.toml"]
    assert "There." in load_prompts(overlay).compare(Structure("gall_bladder")).text


def test_that_a_text_that_cannot_be_used_is_not_written(files, overlay):
    files.save(LIVER, GOOD)
    with pytest.raises(PromptError, match="line 1: colour"):
        files.save(LIVER, 'colour = "red"\n' + GOOD)
    assert (overlay / LIVER).read_text(encoding="utf-8") == GOOD


def test_that_a_draft_is_previewed_without_being_written(files, overlay):
    draft = SHIPPED["compare.j2"].replace("Gross mistakes weigh", "Grave mistakes weigh")
    prompts = files.preview({"compare.j2": draft, LIVER: GOOD})
    assert "Grave mistakes weigh" in prompts.compare(Structure("spleen")).text
    assert "Not so." in prompts.compare(Structure("liver")).text
    assert prompts.hash != load_prompts().hash
    assert not overlay.exists()
    with pytest.raises(PromptError, match="no variable 'titel'") as caught:
        files.preview({"compare.j2": block("{{ titel }}")})
    assert caught.value.problem == Problem("compare.j2", caught.value.problem.text, 3)


def test_that_another_file_s_fault_is_not_laid_on_the_one_that_is_edited(files, overlay):
    put(overlay, "structures/spleen.toml", "broken")
    assert files.validate(LIVER, GOOD) == ()
    assert files.validate("structures/spleen.toml", GOOD) == ()
    assert files.file("structures/spleen.toml").own == "broken"
    files.save("structures/spleen.toml", GOOD)
    assert "Not so." in load_prompts(overlay).compare(Structure("spleen")).text


def test_that_a_file_that_is_no_text_can_be_seen_and_mended(files, overlay):
    put(overlay, LIVER, b"\xff" + GOOD.encode())
    assert files.file(LIVER).own == "�" + GOOD
    files.save(LIVER, GOOD)
    assert files.file(LIVER).own == GOOD


def test_that_the_difference_to_the_shipped_text_is_said_by_line(files):
    text = SHIPPED[LIVER].replace('"One object with a smooth border."', '"One object."')
    changed = [line for line in files.difference(LIVER, text) if line.startswith(("-", "+"))]
    assert changed == ["--- shipped", "+++ yours", '-    "One object with a smooth border.",', '+    "One object.",']
    assert files.difference(LIVER, SHIPPED[LIVER]) == ()


def test_that_a_full_disk_leaves_the_old_file(files, overlay, monkeypatch):
    files.save(LIVER, GOOD)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        files.save(LIVER, GOOD.replace("Here", "There"))
    assert [file.name for file in (overlay / "structures").iterdir()] == ["liver.toml"]
    assert (overlay / LIVER).read_text(encoding="utf-8") == GOOD


def test_that_ones_own_prompts_lie_in_the_configuration(tmp_path, monkeypatch):
    monkeypatch.setenv("LABELCRITIC_HOME", str(tmp_path))
    assert own_prompts_dir() == tmp_path / "config" / "prompts"


# --- the manual ------------------------------------------------------------------------------------------------------


def test_that_the_manual_names_every_file_and_its_example_can_be_used(files):
    manual = (Path(__file__).parents[2] / "docs" / "prompts.md").read_text(encoding="utf-8")
    assert [name for name in VARIABLES if f"`{name}`" not in manual] == []
    assert [limit.value for limit in Limit if f"`{limit.value}`" not in manual] == []
    example = re.search(r"```toml\n(.*?)```", manual, re.DOTALL)
    assert example
    assert files.validate("structures/thyroid_gland.toml", example[1]) == ()


@pytest.mark.parametrize("name", list(VARIABLES))
def test_that_each_template_explains_its_variables(name):
    remark = SHIPPED[name][: SHIPPED[name].index("#}")]
    assert [variable for variable in VARIABLES[name] if not re.search(rf"\b{variable}\b", remark)] == []
