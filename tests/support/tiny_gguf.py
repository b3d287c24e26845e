"""Small GGUF files that llama.cpp really runs: a model of a few hundred kilobytes that says what it was made to say.

    write_gguf(tmp_path / "small.gguf", "The comet is ice and dust.")
    write_gguf(tmp_path / "endless.gguf", story(400), endless=True)      # until it is stopped, or its context is full

Each piece of the text is a token of its own, whose row of the output matrix names the next one; attention and
feed-forward are zero. Whatever it is told, it says its text: in microseconds, the same on every machine.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_UINT32, _INT32, _FLOAT32, _BOOL, _STRING, _ARRAY = 4, 5, 6, 7, 8, 9
_NORMAL, _CONTROL = 1, 3
_ALIGNMENT = 32


def story(words: int) -> str:
    """Return a text of so many different words, which never repeats itself."""
    syllables = ["ba", "ke", "lo", "mi", "nu", "pa", "re", "so", "ti", "vu"]
    made = (syllables[n // 100 % 10] + syllables[n // 10 % 10] + syllables[n % 10] for n in range(words))
    return " ".join(made)


def write_gguf(path: Path, says: str, *, endless: bool = False, template: str = CHATML, context: int = 32768) -> Path:
    """Write a model that says `says`, once or again and again; return `path`."""
    pieces = _pieces(says)
    letters = [*_byte_letters()]
    tokens = [*letters, "th", "<|im_start|>", "<|im_end|>", *(_spelled(piece) for piece in pieces)]
    first, end = len(tokens) - len(pieces), len(tokens) - len(pieces) - 1
    size = -(-len(tokens) // 64) * 64
    following = [first] * first + [*range(first + 1, len(tokens)), first if endless else end]
    output = np.zeros((len(tokens), size), np.float32)
    output[following, range(len(tokens))] = 4.0
    zeros, ones = np.zeros((size, size), np.float32), np.ones(size, np.float32)
    narrow = np.zeros((64, size), np.float32)
    tensors = {
        "token_embd.weight": np.eye(len(tokens), size, dtype=np.float32),
        "output_norm.weight": ones,
        "output.weight": output,
        "blk.0.attn_norm.weight": ones,
        "blk.0.attn_q.weight": zeros,
        "blk.0.attn_k.weight": narrow,
        "blk.0.attn_v.weight": narrow,
        "blk.0.attn_output.weight": zeros,
        "blk.0.ffn_norm.weight": ones,
        "blk.0.ffn_gate.weight": narrow,
        "blk.0.ffn_up.weight": narrow,
        "blk.0.ffn_down.weight": narrow.T.copy(),
    }
    kinds = [_CONTROL if token.startswith("<|im_") else _NORMAL for token in tokens]
    about: dict[str, Any] = {
        "general.architecture": "llama",
        "llama.block_count": 1,
        "llama.context_length": context,
        "llama.embedding_length": size,
        "llama.feed_forward_length": 64,
        "llama.attention.head_count": size // 64,
        "llama.attention.head_count_kv": 1,
        "llama.attention.layer_norm_rms_epsilon": 1e-6,
        "llama.rope.dimension_count": 64,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "qwen2",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": kinds,
        "tokenizer.ggml.merges": ["t h"],
        "tokenizer.ggml.eos_token_id": end,
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.chat_template": template,
    }
    path.write_bytes(_file(about, tensors))
    return path


def _pieces(text: str) -> list[str]:
    """Return `text` in words, two of them together where one comes again: no piece stands there twice."""
    pieces: list[str] = []
    held = ""
    for word in text.split(" "):
        held += word if not pieces and not held else f" {word}"
        if held not in pieces and len(held) > 1:  # a single letter is a token of its own already
            pieces.append(held)
            held = ""
    return [*pieces, held] if held else pieces


def _byte_letters() -> dict[str, int]:
    """Return the letters by which GPT-2's tokenizers write the 256 bytes."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(256 + n): byte for n, byte in enumerate(rest)}


def _spelled(piece: str) -> str:
    letters = {byte: letter for letter, byte in _byte_letters().items()}
    return "".join(letters[byte] for byte in piece.encode())


def _file(about: dict[str, Any], tensors: dict[str, np.ndarray[Any, Any]]) -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(about))
    head += b"".join(_text(key) + _value(value) for key, value in about.items())
    body = b""
    for name, tensor in tensors.items():
        shape = tensor.shape[::-1]
        head += _text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, len(body))
        body += _padded(tensor.tobytes())
    return _padded(head) + body


def _value(value: Any) -> bytes:
    if isinstance(value, bool):
        return struct.pack("<I?", _BOOL, value)
    if isinstance(value, int):
        return struct.pack("<II", _UINT32, value)
    if isinstance(value, float):
        return struct.pack("<If", _FLOAT32, value)
    if isinstance(value, str):
        return struct.pack("<I", _STRING) + _text(value)
    kind = _STRING if isinstance(value[0], str) else _INT32
    items = b"".join(_text(item) if kind == _STRING else struct.pack("<i", item) for item in value)
    return struct.pack("<IIQ", _ARRAY, kind, len(value)) + items


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _ALIGNMENT)
