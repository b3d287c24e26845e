"""The caption upsampler: what is asked of the chat model, what is taken from its answer, and the faithfulness check."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gptsmith import ProviderError
from gptsmith.models.embedding import load_embedder
from gptsmith.tools.drawing.faithful import missing
from gptsmith.tools.drawing.upsampler import (
    ChatUpsampler,
    Earlier,
    OwnWords,
    Upsampled,
    clean_caption,
    named_upsampler,
    upsampler_for,
)
from tests.support.loopback import Loopback
from tests.support.scripted import Scripted

GOOD = (
    "two ginger cats curl up together on a green velvet sofa under a tall window, warm afternoon light falls across "
    "their fur and a knitted blanket lies beside them"
)
NIGHT = GOOD.replace("warm afternoon light falls", "pale light of a starry night falls").replace("tall ", "")


def encode(texts: Any) -> Any:
    return load_embedder("embedded").encode(texts)


@pytest.mark.parametrize(
    ("request_", "caption", "left_out"),
    [
        ("two kitties on a sofa", "two cats on a couch", []),
        ("two kitties on a sofa", "a cat on a couch", ["two"]),
        ("2 dogs", "a pair of dogs", []),
        ("a violet automobile", "a purple car", []),
        ("a violet automobile", "a red car", ["violet"]),
        ("a dog", "a cat on a mat", ["dog"]),
        ("a grey house", "a silver-gray house by the sea", []),
        ("a red cube on top of a blue cube", "a blue cube with a red cube resting on it", []),
        ("a red cube on top of a blue cube", "a red cube beside a blue cube", ["on top of"]),
        ("a cat to the left of a bicycle", "a cat sits left of a bicycle", []),
        ("a cat to the left of a bicycle", "a bicycle stands to the right of a cat", []),
        ("a cat to the left of a bicycle", "a bicycle stands to the left of a cat", ["to the left"]),
        ("a cat to the left of a bicycle", "a cat and a bicycle", ["to the left"]),
        ("a dog without a hat", "a dog on a lawn", []),
        ("replace the cat with a dog", "a dog on a mat", []),
        ("remove the tree", "a lawn", []),
        ("please draw me a picture of a running fox", "a fox dashes through snow", []),
        ("make it night", "the same street at night under stars", []),
        ("make it night", "the same street at noon", ["night"]),
        ("make it darker", "a lane between old houses in deep shadow", []),
        ("now much brighter and warmer please", "a lane between old houses in golden sunshine", []),
        ("zoom out a bit and make the sky more dramatic", "a small farm far off under a sky of towering clouds", []),
        ("zoom out a bit and make the sky more dramatic", "a small farm far off among towering clouds", ["sky"]),
        ("make it look like the 80s", "a 1980s diner with neon tubes and chrome stools", []),
        ("make it look like the eighties", "an 80s diner with neon tubes and chrome stools", []),
        ("make it cosy", "a cozy room with a fire", []),
        ("make it cosy and a little gloomy", "a snug room where a fire dies down", []),
        ("a cosy cabin", "a cozy cabin among firs", []),
        ("a woman in pyjamas with a moustache", "a woman in pajamas with a mustache", []),
        ("show it from above", "a bird's-eye view of a harbour", []),
        ("move the cat to the left", "a cat sits on the left of a window", []),
        ("move the cat to the left", "a window with curtains", ["cat", "to the left"]),
        ("make it red and more modern", "a blue car with sleek lines", ["red"]),
        ("add more flowers", "a vase on a table", ["flowers"]),
        ("make it a sunrise", "the bay at dawn", []),
        ("in the evening", "the bay at dusk", []),
        ("jetzt bei Sonnenaufgang", "the same bay at sunrise", []),
        ("mach es dunkler", "the same bay in deep shadow", []),
        ("maintenant avec 3 bateaux", "the same bay with two boats", ["3"]),
        ("ahora con nieve", "the same bay under snow", []),
        ("a picture of my grandma", "a grandmother in an armchair", []),
    ],
)
def test_a_caption_says_all_that_the_request_says(request_: str, caption: str, left_out: list[str]) -> None:
    assert missing(request_, caption, encode) == left_out


@pytest.mark.parametrize(
    ("answer", "caption"),
    [
        ("  Description: “a cat on a mat”\n\nI hope you like it!", "a cat on a mat"),
        ("a cat\non a mat", "a cat on a mat"),
        ("", ""),
        (f'Sure! Here is the caption: "{GOOD}"', GOOD),
        (f"Sure! Here's the updated description:\n\n{GOOD}\n\nLet me know if you'd like it changed.", GOOD),
        (f"Of course.\n\n{GOOD}", GOOD),
        (f"**Description:** {GOOD}", GOOD),
        (f"**Updated caption**\n{GOOD}", GOOD),
        (f"### Caption\n\n> {GOOD}", GOOD),
        (f"```text\n{GOOD}\n```", GOOD),
        (f"Here you go:\n```\n{GOOD}\n```\nEnjoy!", GOOD),
        (f"“{GOOD}”", GOOD),
        (f"**“{GOOD}”**", GOOD),
        (f"Caption: '{GOOD}' (29 words)", GOOD),
        (f"{GOOD}. I kept the sofa as it was.", f"{GOOD}."),
        (f"<think>Two cats, a sofa.</think>\n{GOOD}", GOOD),
        (f'{{"caption": "{GOOD}"}}', GOOD),
        (f"Klar! Hier ist die Beschreibung: „{GOOD}“", GOOD),
        (f"1. {GOOD}", GOOD),
        (f"two **ginger** cats, {GOOD}", f"two ginger cats, {GOOD}"),
        ('a shop with a sign that says "OPEN"', 'a shop with a sign that says "OPEN"'),
        ("a poster: two cats dance", "a poster: two cats dance"),
        ("cat " * 100, " ".join(["cat"] * 80)),
        ("a cat sits on a mat. " * 14, ". ".join(["a cat sits on a mat"] * 13)),
    ],
)
def test_what_is_taken_from_an_answer(answer: str, caption: str) -> None:
    assert clean_caption(answer) == caption


def test_the_conversation_is_shown_and_the_request_comes_last() -> None:
    model = Scripted(GOOD)
    earlier = [Earlier(f"picture {i}", f"caption {i}") for i in range(6)]
    assert ChatUpsampler(model).upsample("two cats on a sofa", earlier) == Upsampled(GOOD)
    system, *asked = model.history[0]
    assert [m.content for m in asked] == [
        "Request: picture 2", "caption 2", "Request: picture 3", "caption 3", "Request: picture 4", "caption 4",
        "Request: picture 5", "caption 5", "Request: two cats on a sofa",
    ]  # fmt: skip
    rules = str(system.content)
    for rule in (
        "1. One description",
        "2. Between 15 and 80 words",
        "3. A request may",
        "4. Such a change",
        "5. A request",
    ):
        assert rule in rules


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([GOOD], Upsampled(GOOD)),
        (["two cats", GOOD], Upsampled(GOOD)),
        (["two cats", "a cat"],
         Upsampled("two cats on a sofa", True,
                   ["Drawn from your own words: the caption that was written has 2 words only."])),
        ([GOOD.replace("two", "three").replace("sofa", "bench"), GOOD], Upsampled(GOOD)),
        ([ProviderError("it is away", code="unavailable")],
         Upsampled("two cats on a sofa", True,
                   ["Drawn from your own words: no caption could be written (it is away)."])),
    ],
)  # fmt: skip
def test_one_repair_then_the_person_s_own_words(answers: list[Any], expected: Upsampled) -> None:
    model = Scripted(*answers)
    found = ChatUpsampler(model).upsample("two cats on a sofa")
    assert found == expected
    assert len(model.history) == len(answers)


def test_the_repair_names_what_is_missing() -> None:
    model = Scripted(GOOD.replace("two", "three"), GOOD)
    ChatUpsampler(model).upsample("two cats on a sofa")
    assert model.history[1][-1].content == (
        "That description does not say: two. Write it again, by the rules, with everything that the request names."
    )


@pytest.mark.parametrize(
    ("answers", "caption", "own"),
    [
        ([NIGHT], NIGHT, False),
        ([f"{GOOD}, at night", NIGHT], NIGHT, False),
        ([f"{GOOD}, at night", f"{GOOD}. It is night."], f"{GOOD}, make it night", True),
    ],
)
def test_a_change_rewrites_and_never_just_lengthens(answers: list[str], caption: str, own: bool) -> None:
    found = ChatUpsampler(Scripted(*answers)).upsample("make it night", changes=GOOD)
    assert (found.caption, found.own_words) == (caption, own)


EARLIER = [Earlier("two cats on a sofa", GOOD)]


@pytest.mark.parametrize(
    ("request_", "answers", "caption"),
    [
        ("make it darker", ["dark", "dark"], f"{GOOD}, make it darker"),
        ("zoom out", [GOOD, GOOD], f"{GOOD}, zoom out"),
        ("jetzt bei Sonnenaufgang", ["", ""], f"{GOOD}, jetzt bei Sonnenaufgang"),
        ("make it night", [ProviderError("it is away", code="unavailable")], f"{GOOD}, make it night"),
        ("make it darker", ["I'm sorry, but I cannot help with that request, " + "really " * 12] * 2,
         f"{GOOD}, make it darker"),
        ("a red kite over a lake", ["kite", "kite"], "a red kite over a lake"),
        ("draw the moon", ["moon", "moon"], "draw the moon"),
    ],
)  # fmt: skip
def test_an_order_is_never_drawn_alone(request_: str, answers: list[Any], caption: str) -> None:
    """What fails the check draws the last caption and the change in words; something new draws its own words."""
    assert ChatUpsampler(Scripted(*answers)).upsample(request_, EARLIER).caption == caption


@pytest.mark.parametrize("upsampler", [OwnWords(), OwnWords("it is away")])
def test_nor_where_nobody_writes(upsampler: OwnWords) -> None:
    assert upsampler.upsample("make it darker", EARLIER).caption == f"{GOOD}, make it darker"


def test_without_a_model_that_writes_the_own_words_are_drawn() -> None:
    assert upsampler_for(None, "./folder").upsample("a cat") == Upsampled("a cat", own_words=True)
    assert named_upsampler("embedded", "./folder").upsample("night", changes="a cat") == Upsampled(
        "a cat, night", own_words=True
    )
    assert OwnWords("it is away").upsample("a cat").notes == ["Drawn from your own words: it is away."]


def test_a_named_model_is_asked_with_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    with Loopback(api_key="not-needed") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        server.push(GOOD)
        upsampler = named_upsampler("openai:scripted", "embedded", temperature=0.15, top_p=None)
        assert upsampler.leaves is None
        assert upsampler.upsample("two cats on a sofa").caption == GOOD
        assert server.history[0]["temperature"] == 0.15


@pytest.mark.slow
def test_the_check_tells_published_captions_from_those_of_other_requests(test_data: Path) -> None:
    requests = (test_data / "images" / "drawbench.txt").read_text().splitlines()
    lines = (test_data / "images" / "drawbench_upsampled.txt").read_text().splitlines()
    captions = [line.partition(".. ")[2] for line in lines]
    own = sum(not missing(r, c, encode) for r, c in zip(requests, captions, strict=True))
    others = sum(not missing(r, c, encode) for r, c in zip(requests, captions[7:] + captions[:7], strict=True))
    assert own >= 145 and others <= 2
