"""The engine of a local model against llama.cpp itself, on the same file in one run, and how both grow.

    python -m benchmarks.local_model [--model coder-1.5b] [--tokens 48] [--rounds 3] [--contexts 256 1024] [--no-draft]

The limit is llama.cpp's own server in a process of its own, asked without HTTP; what it says of its speed is taken.
Bare and engine take turns, so that both meet the same machine; the median of the rounds counts. `/proc` tells the
memory. On a machine that does something else the ratios still hold, the seconds do not: the load is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from gptsmith.models import shelf
from gptsmith.models.chat.local.engine import LocalEngine, LocalModel, physical_cores, stop_all_engines
from gptsmith.models.chat.local.engine_process import read_running
from gptsmith.models.chat.local.writer import Prompt, Writer

BARE = """
import json, sys
from gptsmith.models.chat.local.engine_process import start
server = start(json.loads(sys.argv[1]))
for line in sys.stdin:
    said = server.handle_completions(json.loads(line))
    print(json.dumps((said if isinstance(said, dict) else json.loads(said))["timings"]), flush=True)
"""
FACTS = "The moon is 384,400 kilometres away and turns once in 27.3 days. "


class Bare:
    """llama.cpp without anything of ours, in a process of its own."""

    def __init__(self, file: Path, folder: Path, threads: int) -> None:
        (folder / "prefixes").mkdir(parents=True, exist_ok=True)
        settings = {
            "model": str(file), "projector": "", "folder": str(folder), "key": "bare", "context": 8192, "batch": 256,
            "cache_mib": 0, "threads": threads, "idle_seconds": 0,
        }  # fmt: skip
        self._process = subprocess.Popen(
            [sys.executable, "-c", BARE, json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __call__(self, prompt: str, tokens: int) -> dict[str, float]:
        """Return llama.cpp's own timings of one completion: `predicted_per_second`, `prompt_per_second`, …"""
        assert self._process.stdin is not None and self._process.stdout is not None
        body = {"prompt": prompt, "n_predict": tokens, "ignore_eos": True, "temperature": 0, "cache_prompt": False}
        self._process.stdin.write(json.dumps(body) + "\n")
        self._process.stdin.flush()
        timings: dict[str, float] = json.loads(self._process.stdout.readline())
        return timings

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()


def prompt_of(words: str, seed: str) -> Prompt:
    """Return a fixed prompt of its own; `seed` stands first, so that no other prompt's cache fits."""
    return Prompt(f"bench-{seed}", (("system", f"{seed}. {words}"), ("user", "Sky?"), ("assistant", "Blue.")))


def first_token(writer: Writer, prompt: Prompt, asked: str) -> float:
    """Return the seconds until the first piece of a streamed answer."""
    begun = time.perf_counter()
    pieces = writer.stream(prompt.asked(asked), tokens=4, temperature=0)
    next(pieces)
    seconds = time.perf_counter() - begun
    pieces.close()
    return seconds


def written_per_second(writer: Writer, tokens: int, seed: str) -> float:
    """Return the tokens per second from the first piece of a streamed answer to its last."""
    times = []
    grammar = f"root ::= [a-z ]{{{tokens * 12}}}"  # no end before the number of tokens
    for _ in writer.stream(prompt_of("", seed).asked("Go on."), grammar=grammar, tokens=tokens, temperature=0):
        times.append(time.perf_counter())
    return (len(times) - 1) / (times[-1] - times[0])


def against_bare(file: Path, writer: Writer, options: argparse.Namespace, folder: Path) -> tuple[float, float]:
    """Return the tokens per second of llama.cpp alone and of the engine, medians of rounds that take turns."""
    threads = read_running(writer.engine.folder)["threads"]  # as the engine chose when it started
    bare = Bare(file, folder, threads)
    alone, ours = [], []
    for n in range(options.rounds):
        alone.append(bare("Go on.", options.tokens)["predicted_per_second"])
        ours.append(written_per_second(writer, options.tokens, f"round {n}"))
    bare.close()
    return statistics.median(alone), statistics.median(ours)


def growth(file: Path, folder: Path, tokens: int, contexts: list[int]) -> list[str]:
    """Return rows: threads, tokens before, read and written per second."""
    rows = []
    for threads in range(1, min(physical_cores(), 4) + 1):
        bare = Bare(file, folder, threads)
        for size in contexts:
            timings = bare(FACTS * (size // 22), tokens)
            read, wrote = timings["prompt_per_second"], timings["predicted_per_second"]
            rows.append(f"| {threads} | {int(timings['prompt_n'])} | {read:.0f} | {wrote:.1f} |")
        bare.close()
    return rows


def at_once(writer: Writer, turns: int) -> tuple[float, float]:
    """Return the seconds of `turns` short turns in one conversation, and of as many in two at once."""

    def talk(seed: str, count: int) -> None:
        for n in range(count):
            writer.write(prompt_of(FACTS * 10, seed), f"Say {n}.", tokens=12)

    both = [threading.Thread(target=talk, args=(seed, turns // 2)) for seed in ("left", "right")]
    return seconds(lambda: talk("one", turns)), seconds(lambda: [*(t.start() for t in both), *(t.join() for t in both)])


def seconds(work: Callable[[], Any]) -> float:
    """Return how long `work` takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def main() -> None:
    """Print the figures as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=shelf.default_name())
    parser.add_argument("--tokens", type=int, default=48)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contexts", type=int, nargs="*", default=[256, 1024, 3072], help="tokens before an answer")
    parser.add_argument("--no-draft", action="store_true")
    options = parser.parse_args()
    file = shelf.require(options.model)
    engine = LocalEngine(LocalModel(f"local:{options.model}", file))
    writer = Writer(engine)
    prefix = prompt_of(FACTS * 30, "prefix")
    print(f"{options.model}, {physical_cores()} cores, load {os.getloadavg()[0]:.1f} at the start\n")

    stop_all_engines()
    saved = engine.folder / "prefixes" / prefix.key
    saved.unlink(missing_ok=True)
    cold = seconds(lambda: writer.write(prefix, "Grass?", tokens=4))
    engine.stop()
    kept = seconds(lambda: Writer(engine).write(prefix, "Grass?", tokens=4))
    print("| what | measured |\n|---|---|")
    print(f"| first answer after a cold start, prefix read anew / from disk | {cold:.1f} / {kept:.1f} s |", flush=True)
    fresh = statistics.median(
        first_token(writer, prompt_of(FACTS * 30, f"other {n}"), "Grass?") for n in range(options.rounds)
    )
    first_token(writer, prefix, "Snow?")
    cached = statistics.median(first_token(writer, prefix, f"Snow {n}?") for n in range(options.rounds))
    ratio = f"{cached:.2f} / {fresh:.2f} s, {cached / fresh:.2f}"
    print(f"| first token of a turn, prefix cached / not, ratio | {ratio} |", flush=True)
    alone, ours = against_bare(file, writer, options, engine.folder.parent / "bare")
    print(f"| tokens per second, engine / llama.cpp alone, ratio | {ours:.1f} / {alone:.1f}, {ours / alone:.2f} |")
    memory = psutil.Process(int(read_running(engine.folder)["pid"])).memory_info()
    own = (memory.rss - getattr(memory, "shared", 0)) / 1e9
    print(f"| memory of the engine, of that not the file's own pages | {memory.rss / 1e9:.2f} GB, {own:.2f} GB |")
    one, two = at_once(writer, 10)
    print(f"| ten short turns in one conversation / in two at once | {one:.1f} / {two:.1f} s |", flush=True)
    if not options.no_draft:
        from gptsmith import Builder

        drafted = seconds(lambda: Builder("embedded").build("A guide to the night sky for children."))
        print(f"| the draft of an assistant | {drafted:.1f} s |")
    print("\n| threads | tokens before | read per second | written per second |\n|---|---|---|---|")
    print("\n".join(growth(file, engine.folder.parent / "bare", options.tokens, options.contexts)))
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
