"""Makes a tiny vision-language checkpoint with random weights on this machine: nothing is downloaded.

    python make_checkpoint.py FOLDER [--architecture qwen2_vl|qwen3_vl] [--seed N]

Run by vLLM's own Python (torch, transformers, tokenizers), never by the program's. The text tower and the vision tower
have 2 layers of 64; the vocabulary is about 500 pieces of bytes with Qwen's control tokens: 1.5 MB in all. What it
answers is noise; how it is asked (chat template, control tokens, picture patches, resizing) is as the real models are.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

CONTROL_TOKENS = [
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|object_ref_start|>",
    "<|object_ref_end|>",
    "<|box_start|>",
    "<|box_end|>",
    "<|quad_start|>",
    "<|quad_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
]
END_OF_TEXT, END_OF_TURN = "<|endoftext|>", "<|im_end|>"
WORDS = """
You are shown a projection of a CT scan. Compare the two labels and say which one follows the anatomy better.
Answer with one letter: A, B, C or D. first second equal wrong good bad yes no unsure left right
liver spleen pancreas stomach kidney aorta postcava gall bladder duodenum colon adrenal esophagus femur
The label on the left is larger than the label on the right, and its border is smoother.
0 1 2 3 4 5 6 7 8 9 10 20 50 100 0.1 0.25 0.5 0.9 1.0 user assistant system
"""
"""What the pieces of the vocabulary are learnt from; any text can be written in them, since every byte is one."""

CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{%- if loop.first and message['role'] != 'system' -%}"
    "{{- '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' -}}{%- endif -%}"
    "{{- '<|im_start|>' + message['role'] + '\\n' -}}"
    "{%- if message['content'] is string -%}{{- message['content'] -}}"
    "{%- else -%}{%- for part in message['content'] -%}"
    "{%- if part['type'] == 'image' or 'image' in part or 'image_url' in part -%}"
    "{{- '<|vision_start|><|image_pad|><|vision_end|>' -}}"
    "{%- elif 'text' in part -%}{{- part['text'] -}}{%- endif -%}"
    "{%- endfor -%}{%- endif -%}{{- '<|im_end|>\\n' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}"
)
LONGEST_TEXT = 32768
WIDTH, LAYERS, HEADS = 64, 2, 2
SPREAD = 0.1
"""Of the random weights."""
SEED, SHARPNESS, SIGHT, CERTAINTY = 3, 12.0, 3.0, 1.5
"""What makes answers differ from picture to picture, and between the two orders of a pair: attention that picks out
(queries and keys times this), pictures that count (the vision tower's last step), and probabilities that are not all
alike (the head). With weights as they come, a model attends to everything alike, and always answers the same letter.
"""


def main() -> None:
    """Write the checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--architecture", default="qwen2_vl", choices=sorted(_MADE))
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    make, processor, patch = _MADE[arguments.architecture]
    torch.manual_seed(arguments.seed)
    tokenizer = write_tokenizer(folder, processor)
    model = make(tokenizer).to(torch.float32).eval()
    sharpen(model)
    model.save_pretrained(folder)
    write_generation(folder, tokenizer)
    write_processors(folder, processor, patch)
    count = sum(parameter.numel() for parameter in model.parameters())
    print(f"{arguments.architecture}: {count} parameters in {folder}")


def write_tokenizer(folder: Path, processor: str) -> Tokenizer:
    """Learn and write a byte-level vocabulary with Qwen's control tokens, and the chat template."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=700,
        special_tokens=CONTROL_TOKENS,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator((WORDS * 8).splitlines(), trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE)
    settings = {
        "tokenizer_class": "Qwen2Tokenizer",
        "processor_class": processor,
        "eos_token": END_OF_TURN,
        "pad_token": END_OF_TEXT,
        "bos_token": None,
        "unk_token": None,
        "model_max_length": LONGEST_TEXT,
        "clean_up_tokenization_spaces": False,
        "add_prefix_space": False,
        "split_special_tokens": False,
        "errors": "replace",
        "additional_special_tokens": CONTROL_TOKENS[1:],
        "chat_template": CHAT_TEMPLATE,
    }
    _write_json(folder / "tokenizer_config.json", settings)
    return tokenizer


def qwen2_vl(tokenizer: Tokenizer) -> Any:
    """Return a random Qwen2-VL: patches of 14, merged by twos, so that 28 x 28 pixels are one token."""
    rope = {"rope_type": "default", "mrope_section": [4, 6, 6], "rope_theta": 1e6}
    vision = {
        **_VISION,
        "embed_dim": WIDTH,
        "num_heads": HEADS,
        "mlp_ratio": 2,
        "patch_size": 14,
    }
    config = transformers.Qwen2VLConfig(
        text_config=_text_tower(tokenizer, rope),
        vision_config=vision,
        tie_word_embeddings=False,
        **_vision_tokens(tokenizer),
    )
    return transformers.Qwen2VLForConditionalGeneration(config)


def qwen3_vl(tokenizer: Tokenizer) -> Any:
    """Return a random Qwen3-VL: patches of 16, merged by twos, so that 32 x 32 pixels are one token."""
    rope = {"rope_type": "default", "mrope_section": [6, 5, 5], "rope_theta": 1e6, "mrope_interleaved": True}
    vision = {
        **_VISION,
        "out_hidden_size": WIDTH,
        "num_heads": HEADS,
        "intermediate_size": 2 * WIDTH,
        "patch_size": 16,
        "num_position_embeddings": 256,
        "deepstack_visual_indexes": [0],
    }
    config = transformers.Qwen3VLConfig(
        text_config={**_text_tower(tokenizer, rope), "head_dim": WIDTH // HEADS},
        vision_config=vision,
        tie_word_embeddings=False,
        **_vision_tokens(tokenizer),
    )
    return transformers.Qwen3VLForConditionalGeneration(config)


_VISION: dict[str, Any] = {
    "depth": LAYERS,
    "hidden_size": WIDTH,
    "in_channels": 3,
    "spatial_merge_size": 2,
    "temporal_patch_size": 2,
    "initializer_range": SPREAD,
}
_MADE = {"qwen2_vl": (qwen2_vl, "Qwen2VLProcessor", 14), "qwen3_vl": (qwen3_vl, "Qwen3VLProcessor", 16)}
_PIXELS = {14: (56 * 56, 28 * 28 * 1280), 16: (32 * 32 * 4, 32 * 32 * 16384)}
"""Least and most pixels of a picture by the size of a patch, beyond which it is resized; as in the real models."""
_COLOURS = {
    14: ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]),
    16: ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]),
}
"""Mean and spread of each colour by the size of a patch, as in the real models."""


def _text_tower(tokenizer: Tokenizer, rope: dict[str, Any]) -> dict[str, Any]:
    return {
        "vocab_size": (tokenizer.get_vocab_size() + 63) // 64 * 64,
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS,
        "max_position_embeddings": LONGEST_TEXT,
        "rms_norm_eps": 1e-6,
        "tie_word_embeddings": False,
        "initializer_range": SPREAD,
        "bos_token_id": tokenizer.token_to_id(END_OF_TEXT),
        "eos_token_id": tokenizer.token_to_id(END_OF_TURN),
        "pad_token_id": tokenizer.token_to_id(END_OF_TEXT),
        "rope_parameters": rope,
    }


def _vision_tokens(tokenizer: Tokenizer) -> dict[str, int]:
    return {
        "image_token_id": tokenizer.token_to_id("<|image_pad|>"),
        "video_token_id": tokenizer.token_to_id("<|video_pad|>"),
        "vision_start_token_id": tokenizer.token_to_id("<|vision_start|>"),
        "vision_end_token_id": tokenizer.token_to_id("<|vision_end|>"),
    }


def sharpen(model: Any) -> None:
    """Scale the weights on which it depends how much an answer depends on the pictures."""
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if "visual" not in name and ("q_proj" in name or "k_proj" in name):
                weights.mul_(SHARPNESS)
            elif "merger" in name and weights.ndim == 2:
                weights.mul_(SIGHT)
            elif "lm_head" in name:
                weights.mul_(CERTAINTY)


def write_generation(folder: Path, tokenizer: Tokenizer) -> None:
    """Write how the model generates: greedily, up to either end token."""
    ends = [tokenizer.token_to_id(END_OF_TURN), tokenizer.token_to_id(END_OF_TEXT)]
    body = {"do_sample": False, "eos_token_id": ends, "pad_token_id": ends[1], "bos_token_id": ends[1]}
    _write_json(folder / "generation_config.json", body)


def write_processors(folder: Path, processor: str, patch: int) -> None:
    """Write how pictures are cut into patches."""
    least, most = _PIXELS[patch]
    mean, spread = _COLOURS[patch]
    body = {
        "processor_class": processor,
        "patch_size": patch,
        "temporal_patch_size": 2,
        "merge_size": 2,
        "min_pixels": least,
        "max_pixels": most,
        "size": {"shortest_edge": least, "longest_edge": most},
        "image_mean": mean,
        "image_std": spread,
        "do_resize": True,
        "do_rescale": True,
        "do_normalize": True,
        "do_convert_rgb": True,
        "resample": 3,
        "rescale_factor": 1 / 255,
    }
    _write_json(folder / "preprocessor_config.json", {**body, "image_processor_type": "Qwen2VLImageProcessor"})
    video = "Qwen3VLVideoProcessor" if patch == 16 else "Qwen2VLVideoProcessor"
    _write_json(folder / "video_preprocessor_config.json", {**body, "video_processor_type": video})


def _write_json(file: Path, body: dict[str, Any]) -> None:
    file.write_text(json.dumps(body, indent=1) + "\n")


if __name__ == "__main__":
    main()
