"""The table of documented models, held against what vLLM knows and what the models weigh."""

import json
import shlex
from pathlib import Path

import pytest

from labelcritic_gui.core.errors import CriticError, UnreadableFileError
from labelcritic_gui.critic.served_models import FILE, Launch, Plan, ServedModel, launch, read_table, served_models
from labelcritic_gui.paths import resources_dir

TABLE = served_models()
PUBLISHED = "Qwen/Qwen2-VL-72B-Instruct-AWQ"
KNOWN_FLAGS = {
    "--host",
    "--port",
    "--max-model-len",
    "--limit-mm-per-prompt",
    "--max-num-seqs",
    "--generation-config",
    "--enable-prompt-tokens-details",
    "--disable-uvicorn-access-log",
    "--mm-processor-kwargs",
    "--dtype",
    "--tensor-parallel-size",
    "--data-parallel-size",
    "--mm-encoder-tp-mode",
    "--gpu-memory-utilization",
    "--enable-expert-parallel",
}
"""Arguments of `vllm serve` of the documented versions."""
SWITCHES = {"--enable-prompt-tokens-details", "--disable-uvicorn-access-log", "--enable-expert-parallel"}
PLANS = [pytest.param(model, plan, id=f"{model.name} on {plan.gpus}") for model in TABLE.models for plan in model.plans]


def made(model: ServedModel, plan: Plan) -> Launch:
    return launch("vllm", model.name, gpus=plan.gpus, port=8123, table=TABLE)


def flags_of(made: Launch) -> dict[str, str]:
    """Read a command line as argparse would: every flag once, with one value or none."""
    words = list(made.command[3:])
    found: dict[str, str] = {}
    while words:
        flag = words.pop(0)
        assert flag.startswith("--")
        assert flag not in found, f"{flag} is given twice"
        found[flag] = "" if flag in SWITCHES else words.pop(0)
    return found


@pytest.mark.parametrize(("model", "plan"), PLANS)
def test_that_every_documented_start_is_a_command_line_that_vllm_knows(model: ServedModel, plan: Plan) -> None:
    found = flags_of(made(model, plan))
    assert set(found) <= KNOWN_FLAGS
    assert found["--host"] == "127.0.0.1"
    assert found["--port"] == "8123"
    limit = json.loads(found["--limit-mm-per-prompt"])
    assert limit == {"image": {"count": 12, "width": 1024, "height": 1024}, "video": 0}
    pixels = json.loads(found["--mm-processor-kwargs"])
    largest = pixels["max_pixels"] / 28**2 if "max_pixels" in pixels else pixels["size"]["longest_edge"] / 32**2
    assert largest == 2048
    assert limit["image"]["count"] * largest < int(found["--max-model-len"])
    assert found["--generation-config"] == "vllm"
    spread = int(found.get("--tensor-parallel-size", 1)) * int(found.get("--data-parallel-size", 1))
    assert spread == plan.gpus
    assert shlex.split(made(model, plan).text) == list(made(model, plan).command)


@pytest.mark.parametrize(("model", "plan"), PLANS)
def test_that_the_weights_fit_the_gpus_with_room_to_spare(model: ServedModel, plan: Plan) -> None:
    flags = flags_of(made(model, plan))
    share = model.weights_gb / int(flags.get("--tensor-parallel-size", 1))
    used = float(flags.get("--gpu-memory-utilization", 0.9)) * plan.gpu_gb
    assert share + 1.0 < used


def test_that_the_models_asked_for_are_there_in_sizes_for_one_to_four_gpus() -> None:
    published = TABLE.find(PUBLISHED)
    assert published is not None
    assert published.counts == (1, 2, 4)
    assert ("--dtype", "half") in zip(published.flags, published.flags[1:], strict=False)
    for series in ("Qwen2.5-VL", "Qwen3-VL"):
        counts = {plan.gpus for model in TABLE.models if series in model.name for plan in model.plans}
        assert {1, 2, 4} <= counts


def test_that_a_model_is_found_by_its_name_and_by_the_folder_of_a_copy() -> None:
    model = TABLE.find(PUBLISHED)
    assert TABLE.find(PUBLISHED.lower()) is model
    assert TABLE.find("/models/Qwen2-VL-72B-Instruct-AWQ/") is model
    assert TABLE.find("somebody/else") is None


def test_that_further_arguments_take_the_place_of_ours() -> None:
    for extra in (("--max-model-len", "8192"), ("--max-model-len=8192",)):
        command = launch("vllm", PUBLISHED, extra=extra, table=TABLE).command
        assert [word for word in command if word.startswith("--max-model-len")] == [extra[0]]
        assert command[-len(extra) :] == extra
        assert str(TABLE.general.context) not in command


@pytest.mark.parametrize(
    ("model", "gpus", "extra", "said"),
    [
        ("", 0, (), "No model is named"),
        ("--help", 0, (), "No model is named"),
        (PUBLISHED, 3, (), "not documented for 3 GPUs"),
        (PUBLISHED, 0, ("--api-key", "k"), "read by everybody"),
        (PUBLISHED, 0, ("--api-key=k",), "read by everybody"),
        (PUBLISHED, 0, ("--port=1",), "--port may not be"),
        (PUBLISHED, 0, ("--tensor-parallel-size", "2"), "--tensor-parallel-size may not be"),
    ],
)
def test_that_what_may_not_be_asked_for_is_refused(model: str, gpus: int, extra: tuple[str, ...], said: str) -> None:
    with pytest.raises(CriticError, match=said):
        launch("vllm", model, gpus=gpus, extra=extra, table=TABLE)


def test_that_an_unknown_model_is_served_with_a_word_of_warning_and_the_flags_of_its_family() -> None:
    found = launch("vllm", "/models/my-qwen2.5-vl-tuned", gpus=2, table=TABLE)
    flags = flags_of(found)
    assert flags["--tensor-parallel-size"] == "2"
    assert "max_pixels" in flags["--mm-processor-kwargs"]
    assert "is not among the documented models" in found.warnings[0]
    assert "--mm-processor-kwargs" not in flags_of(launch("vllm", "other/model", table=TABLE))


@pytest.mark.parametrize("extra", [("--host", "0.0.0.0"), ("--host=0.0.0.0",)])
def test_that_a_server_that_others_can_reach_is_warned_of(extra: tuple[str, ...]) -> None:
    found = launch("vllm", PUBLISHED, extra=extra, table=TABLE)
    assert any("other machines can reach this server" in warning for warning in found.warnings)
    assert not launch("vllm", PUBLISHED, extra=("--host", "localhost"), table=TABLE).warnings


@pytest.mark.parametrize(
    ("line", "means"),
    [
        ("OSError: [Errno 98] Address already in use", "took the port"),
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB", "enough free memory"),
        ("ValueError: No available memory for the cache blocks.", "no question of full length"),
        ("ValueError: Free memory on device (1.2/79 GiB) on startup is less than desired", "holds memory of a GPU"),
        ("OSError: x is not a local folder and is not a valid model identifier listed on", "no model of this name"),
        ("vllm: error: unrecognized arguments: --moon", "does not know one of the arguments"),
        ("RuntimeError: Failed to infer device type", "no GPU that it can use"),
        ("No space left on device (os error 28)", "A disk is full"),
    ],
)
def test_that_known_failures_are_told_in_words(line: str, means: str) -> None:
    found = TABLE.explain(["INFO starting", line])
    assert found is not None
    assert means in found.means
    assert found.hint
    assert TABLE.explain(["INFO all is well"]) is None


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ('family = "qwen2-vl"', 'family = "moon"', "family that is not listed"),
        ("weights_gb = 43.0", "weights_gb = -1", "greater than 0"),
        ('source = "https://github.com', 'source = "ftp://github.com', "String should match"),
        ('said = "[Aa]ddress already in use"', 'said = "("', "no regular expression"),
        ("gpus = 2\n", "gpus = 1\n", "not in the order"),
        ("[general]", "[general", "cannot be read"),
        ("side = 1024", "side = 1024\nmoon = 1", "Extra inputs"),
    ],
)
def test_that_a_broken_table_is_one_sentence_naming_the_place(tmp_path: Path, was: str, now: str, said: str) -> None:
    text = (resources_dir() / FILE).read_text("utf-8")
    assert was in text
    broken = tmp_path / FILE
    broken.write_text(text.replace(was, now, 1), "utf-8")
    with pytest.raises(UnreadableFileError, match=said):
        read_table(broken)
