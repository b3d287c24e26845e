"""The rules of `assistant/v1`, each with its whole message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gptsmith.assistants.format.loader import check, check_text, load_dict, load_file, load_text, slug
from gptsmith.errors import SpecError, UsageError

SMALL = "schema: assistant/v1\nname: Night sky\ndescription: Stars for children.\ninstructions: Explain.\n"
TOP = (
    "schema, id, name, description, version, avatar, instructions, instructions_file, variables, model, "
    "welcome_message, conversation_starters, disclaimer, knowledge, tools, skills, memory, guardrails, limits, tests, "
    "metadata"
)
KNOWLEDGE = "name, description, paths, urls, mode, embedding_model, chunking, retrieval, citations"
TYPES = "assistant, code, image_captioning, image_generation, image_recognition, mcp, openapi, python, web"
ENV_HINT = (
    "it is replaced only in model.base_url, model.api_key and url, server, headers, command, env, search of tools"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder `sky` with a few files and a file outside it."""
    base = tmp_path / "sky"
    (base / "docs" / "deep").mkdir(parents=True)
    (base / "docs" / "a.md").write_text("a")
    (base / "docs" / "deep" / "b.md").write_text("b")
    (base / "docs" / ".hidden.md").write_text("c")
    (base / "tools.py").write_text("")
    (tmp_path / "outside.md").write_text("secret")
    return base


def problems(text: str, folder: Path) -> list[str]:
    """Check a text as the file `f` in `folder`, warnings marked with a `w`."""
    found = check_text(text, folder, file="f")
    return [("w " if d.severity == "warning" else "") + str(d) for d in found]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (SMALL, []),
        ("", ["f:1:1: the file is empty; start with schema: assistant/v1"]),
        ("# only a comment\n", ["f:1:1: the file is empty; start with schema: assistant/v1"]),
        (
            "- a\n",
            ["f:1:1: expected an object with the keys schema, name, description, instructions, …, got a list"],
        ),
        (
            "name: A\n",
            [
                "f:1:1: schema: missing; write schema: assistant/v1 on the first line",
                "f:1:1: description: missing; add description: …",
                "f:1:1: instructions: missing; write instructions, or instructions_file",
            ],
        ),
        (
            SMALL.replace("v1", "v2"),
            [
                'f:1:9: schema: expected assistant/v1, got "assistant/v2";'
                " this version of gptsmith reads assistant/v1 only"
            ],
        ),
        (
            SMALL.replace("assistant/v1", "1"),
            ["f:1:9: schema: expected assistant/v1, got 1; this version of gptsmith reads assistant/v1 only"],
        ),
        (
            SMALL.replace("instructions:", "instruction:"),
            [f"f:4:1: instruction: unknown key; did you mean instructions? allowed: {TOP}"],
        ),
        (
            SMALL.replace("instructions:", "system_prompt:"),
            [f"f:4:1: system_prompt: unknown key; did you mean instructions? allowed: {TOP}"],
        ),
        (
            SMALL.replace("instructions:", "system:"),
            [f"f:4:1: system: unknown key; did you mean instructions? allowed: {TOP}"],
        ),
        (
            SMALL.replace("instructions:", "prompt:"),
            [f"f:4:1: prompt: unknown key; did you mean instructions? allowed: {TOP}"],
        ),
        (
            SMALL.replace("instructions:", "instructons:"),
            [f"f:4:1: instructons: unknown key; did you mean instructions? allowed: {TOP}"],
        ),
        (
            SMALL + "starters: [a]\n",
            [f"f:5:1: starters: unknown key; did you mean conversation_starters? allowed: {TOP}"],
        ),
        (SMALL + "schema_: x\n", [f"f:5:1: schema_: unknown key; did you mean schema? allowed: {TOP}"]),
        (
            SMALL + "temperature: 1\n",
            [f"f:5:1: temperature: unknown key; did you mean model.temperature? allowed: {TOP}"],
        ),
        (SMALL + "zzz: 1\n", [f"f:5:1: zzz: unknown key; allowed: {TOP}"]),
        (SMALL + "x-zzz: {a: [1]}\n", []),
        (SMALL + "x-builder: {locked: [instructions]}\n", []),
        (
            SMALL + "x-builder: {lock: []}\n",
            ["f:5:13: x-builder.lock: unknown key; did you mean locked? allowed: locked"],
        ),
        (SMALL + "metadata: {a: {b: [1, ~]}}\n", []),
        (
            SMALL.replace("Night sky", '""'),
            ["f:2:7: name: expected at least 1 character, got 0; write it out"],
        ),
        (
            SMALL.replace("Night sky", "x" * 81),
            ["f:2:7: name: expected up to 80 characters, got 81; shorten it"],
        ),
        (
            SMALL.replace("Stars for children.", "x" * 1001),
            ["f:3:14: description: expected up to 1,000 characters, got 1,001; shorten it"],
        ),
        (
            SMALL.replace("Explain.", "x" * 32_001),
            ["f:4:15: instructions: expected up to 32,000 characters, got 32,001; shorten it"],
        ),
        (
            SMALL.replace("Night sky", "12"),
            ['f:2:7: name: expected text, got the number 12; write "12" in quotes'],
        ),
        (
            SMALL.replace("Explain.", ""),
            ["f:4:14: instructions: expected text, got nothing; write what the assistant should do"],
        ),
        (
            SMALL + "version: 1.2\n",
            ['f:5:10: version: expected text, got the number 1.2; write "1.2" in quotes'],
        ),
        (
            SMALL + "id: Night Sky\n",
            ['f:5:5: id: expected lower-case letters, digits and -, up to 63, got "Night Sky"; try night-sky'],
        ),
        (
            SMALL + "instructions_file: ./tools.py\n",
            [
                "f:5:1: instructions_file: instructions stand here twice;"
                " keep one of instructions and instructions_file"
            ],
        ),
        (
            SMALL + "conversation_starters: [" + "a, " * 13 + "]\n",
            ["f:5:24: conversation_starters: expected up to 12 items, got 13; shorten it"],
        ),
        (
            SMALL + "conversation_starters:\n  - " + "a" * 301 + "\n  - {title: b}\n  - 5\n",
            [
                "f:6:5: conversation_starters[0]: expected up to 300 characters, got 301; shorten it",
                "f:7:5: conversation_starters[1].text: missing; add text: …",
                'f:8:5: conversation_starters[2]: expected text, got the number 5; write "5" in quotes',
            ],
        ),
        (
            SMALL + "disclaimer: " + "x" * 501,
            ["f:5:13: disclaimer: expected up to 500 characters, got 501; shorten it"],
        ),
        (SMALL + "limits:\n  max_iterations: 51\n", ["f:6:19: limits.max_iterations: expected 1..50, got 51; try 8"]),
        (
            SMALL + "limits: {max_iterations: '8', max_tool_calls: -1, timeout: 5, timeout_seconds: 1.5}\n",
            [
                'f:5:26: limits.max_iterations: expected a whole number, got "8"; remove the quotes',
                "f:5:47: limits.max_tool_calls: expected 0..100, got -1; try 6",
                "f:5:51: limits.timeout: unknown key; did you mean timeout_seconds?"
                " allowed: max_iterations, max_tool_calls, timeout_seconds",
                "f:5:80: limits.timeout_seconds: expected a whole number, got the number 1.5; try 2",
            ],
        ),
        (SMALL + "limits: 5\n", [
            "f:5:9: limits: expected an object with max_iterations, max_tool_calls, timeout_seconds, got the number 5"
        ]),
        (SMALL + "limits:\n", [
            "f:5:8: limits: expected an object with max_iterations, max_tool_calls, timeout_seconds, got nothing;"
            " write a value or remove the key"
        ]),
        (
            SMALL + "memory: {summarize: yes, history: threads}\n",
            [
                'f:5:21: memory.summarize: expected true or false, got "yes"; write true',
                'f:5:35: memory.history: expected one of thread, none, got "threads"; did you mean thread?',
            ],
        ),
        (
            SMALL + "guardrails: [{type: pi, apply_to: input}]\n",
            [
                'f:5:21: guardrails[0].type: expected pii, got "pi"; did you mean pii?',
                'f:5:35: guardrails[0].apply_to: expected a list, got "input"; write ["input"]',
            ],
        ),
    ],
)  # fmt: skip
def test_fields(text: str, messages: list[str], folder: Path) -> None:
    assert problems(text, folder) == messages


@pytest.mark.parametrize(
    ("model", "messages"),
    [
        ("ollama:qwen3:8b", []),
        ("embedded", []),
        (
            "gpt-4o-mini",
            ['f:5:8: model: expected provider:name, got "gpt-4o-mini"; try openai:gpt-4o-mini'],
        ),
        (
            '""',
            ['f:5:8: model: expected provider:name, got ""; e.g. openai:gpt-4o-mini, ollama:qwen3:8b or embedded'],
        ),
        (
            "'openai:'",
            ['f:5:8: model: expected provider:name, got "openai:";'
             " e.g. openai:gpt-4o-mini, ollama:qwen3:8b or embedded"],
        ),
        (
            "5",
            ["f:5:8: model: expected provider:name or an object with a provider, got the number 5"],
        ),
        (
            "{provider: openai, name: x, api_key: sk-abcdefgh}",
            ["f:5:45: model.api_key: expected ${env:NAME}, got a literal key (not shown); put the key into an"
             " environment variable and write ${env:OPENAI_API_KEY} with that variable's name"],
        ),
        (
            "{provider: openai, name: x, api_key: 12345678}",
            ["f:5:45: model.api_key: expected text, got a value (not shown)"],
        ),
        (
            "{provider: openai, name: x, temperature: 3, top_p: -1, top_k: 0, seed: 'a'}",
            [
                "f:5:49: model.temperature: expected 0..2, got 3; try 2",
                "f:5:59: model.top_p: expected 0..1, got -1; try 0",
                "f:5:70: model.top_k: expected at least 1, got 0; try 1",
                'f:5:79: model.seed: expected a whole number, got "a"',
            ],
        ),
        (
            "{provider: openai, model: gpt-4o, fallback: [gpt-4o]}",
            [
                "f:5:27: model.model: unknown key; did you mean name? allowed: provider, name, base_url, api_key,"
                " temperature, top_p, top_k, max_tokens, seed, stop, fallback, options",
                'f:5:53: model.fallback[0]: expected provider:name, got "gpt-4o"; try openai:gpt-4o',
            ],
        ),
        ("{name: x}", ["f:5:1: model.provider: missing; add provider: …"]),
        ("{provider: openai, name: x, base_url: '${env:NOPE:-http://127.0.0.1:1}'}", []),
        (
            "{provider: openai, name: '${env:NOPE}', base_url: 'http://${env:NOPE}/', api_key: '${env:NO_KEY}'}",
            [
                f"w f:5:33: model.name: ${{env:…}} is plain text here; {ENV_HINT}",
                "w f:5:66: model.base_url: the environment variable NOPE is not set;"
                " set it before running, or write ${env:NOPE:-default}",
                "w f:5:91: model.api_key: the environment variable NO_KEY is not set;"
                " set it before running, or write ${env:NO_KEY:-default}",
            ],
        ),
    ],
)  # fmt: skip
def test_model(model: str, messages: list[str], folder: Path) -> None:
    assert problems(f"{SMALL}model: {model}\n", folder) == messages


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("welcome_message: Hi {{city}} and {{name_2}}\nvariables: {city: {}, name_2: {default: x}}\n", []),
        (
            "welcome_message: Hi {{citty}}\nvariables: {city: {}}\n",
            ["f:5:21: welcome_message: {{citty}} is not declared; did you mean {{city}}?"],
        ),
        (
            "conversation_starters: ['{{a}}', {title: '{{b}}', text: '{{c}}'}]\n",
            [
                "f:5:26: conversation_starters[0]: {{a}} is not declared; declare it under variables, or write {{{{a}}",
                "f:5:43: conversation_starters[1].title: {{b}} is not declared;"
                " declare it under variables, or write {{{{b}}",
                "f:5:58: conversation_starters[1].text: {{c}} is not declared;"
                " declare it under variables, or write {{{{c}}",
            ],
        ),
        ("welcome_message: 'Write {{{{name}} or {{ Name }} or {{ x }}'\n", []),
        (
            "welcome_message: 'Hi {{ city }}'\nvariables: {city: {}}\n",
            ['w f:5:22: welcome_message: "{{ city }}" is plain text, not a variable; write {{city}}'],
        ),
        ("disclaimer: '{{zzz}}'\n", []),
        (
            "variables: {city: Porto}\n",
            [
                "f:5:19: variables.city: expected an object with description, default, required, choices,"
                ' got "Porto"; write {default: "Porto"}'
            ],
        ),
        (
            "variables: {City-1: {}, a: {value: 1}, b: {default: 5}, c: {default: x, choices: [y, z]}}\n",
            [
                "f:5:13: variables.City-1: expected lower-case letters, digits and _, starting with a letter,"
                ' got "City-1"; try city_1',
                "f:5:29: variables.a.value: unknown key; did you mean default?"
                " allowed: description, default, required, choices",
                'f:5:53: variables.b.default: expected text, got the number 5; write "5" in quotes',
                'f:5:70: variables.c.default: expected one of "y", "z", got "x"; add it to choices',
            ],
        ),
    ],
)
def test_variables(text: str, messages: list[str], folder: Path) -> None:
    assert problems(SMALL + text, folder) == messages


def test_an_undeclared_variable_is_found_inside_a_block(folder: Path) -> None:
    text = SMALL.replace("Explain.", "|\n  One line.\n  Speak of {{city}}.")
    assert problems(text, folder) == [
        "f:6:12: instructions: {{city}} is not declared; declare it under variables, or write {{{{city}}"
    ]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("knowledge: [{name: a, paths: [docs, docs/*.md, ./docs/**/*.md, docs/a.md]}]\n", []),
        ("knowledge: [{name: a, urls: ['https://example.org']}]\n", []),
        ("knowledge: [{name: a}]\n", ["f:5:13: knowledge[0]: needs at least one of paths or urls"]),
        (
            "knowledge: [{name: a, paths: [docs/*.pdf, nope.md]}]\n",
            [
                'f:5:31: knowledge[0].paths[0]: no file matches "docs/*.pdf"; paths start at sky/',
                'f:5:43: knowledge[0].paths[1]: no file matches "nope.md"; paths start at sky/',
            ],
        ),
        (
            "knowledge: [{name: a, paths: [../outside.md, ../*.md, /etc/hostname]}]\n",
            [
                'w f:5:31: knowledge[0].paths[0]: "../outside.md" leaves the assistant\'s folder;'
                " move it beside the spec, or run with --trust",
                'w f:5:46: knowledge[0].paths[1]: "../*.md" leaves the assistant\'s folder;'
                " move it beside the spec, or run with --trust",
                'w f:5:55: knowledge[0].paths[2]: "/etc/hostname" leaves the assistant\'s folder;'
                " move it beside the spec, or run with --trust",
            ],
        ),
        (
            "knowledge: [{name: a, files: [docs]}, {name: b, path: docs}]\n",
            [
                f"f:5:23: knowledge[0].files: unknown key; did you mean paths? allowed: {KNOWLEDGE}",
                f"f:5:49: knowledge[1].path: unknown key; did you mean paths? allowed: {KNOWLEDGE}",
            ],
        ),
        (
            "knowledge: [{name: a b, paths: [docs]}, {name: c, paths: [docs], mode: tools}]\n",
            [
                "f:5:20: knowledge[0].name: expected letters, digits, _ and -, up to 58, starting with a letter,"
                ' got "a b"; try a_b',
                'f:5:72: knowledge[1].mode: expected one of auto, always, tool, got "tools"; did you mean tool?',
            ],
        ),
        (
            "knowledge:\n  - name: a\n    paths: [docs]\n    retrieval: {top_k: 0, k: 5}\n"
            "    chunking: {size: 100, overlap: 2000}\n",
            [
                "f:8:24: knowledge[0].retrieval.top_k: expected 1..50, got 0; try 5",
                "f:8:27: knowledge[0].retrieval.k: unknown key; did you mean top_k?"
                " allowed: strategy, budget, top_k, rerank",
                "f:9:22: knowledge[0].chunking.size: expected 200..4000, got 100; try 900",
                "f:9:36: knowledge[0].chunking.overlap: expected 0..1000, got 2000; try 100",
            ],
        ),
        (
            "knowledge: [{name: a, paths: [docs], chunking: {size: 300, overlap: 300}}]\n",
            ["f:5:48: knowledge[0].chunking: overlap (300) must be smaller than size (300)"],
        ),
        (
            "knowledge: [{name: a, paths: [docs]}, {name: a, paths: [docs]}]\n",
            ['f:5:46: knowledge[1].name: duplicate knowledge name "a"; knowledge[0] has it already; try a_2'],
        ),
        ("avatar: nope.png\n", ['f:5:9: avatar: there is no "nope.png"; paths start at sky/']),
        (
            "knowledge: [{name: a, paths: ['~nobody-here/x', \"a\\0b\"]}]\n",
            [
                'f:5:31: knowledge[0].paths[0]: the path "~nobody-here/x" cannot be used;'
                " the path '~nobody-here/x' cannot be used (Could not determine home directory.)",
                'f:5:49: knowledge[0].paths[1]: the path "a\\u0000b" cannot be used;'
                " the path 'a\\x00b' cannot be used (embedded null byte)",
            ],
        ),
    ],
)
def test_knowledge_and_files(text: str, messages: list[str], folder: Path) -> None:
    assert problems(SMALL + text, folder) == messages


@pytest.mark.parametrize(
    ("tools", "messages"),
    [
        ("[{type: image_generation}, {type: python, ref: 'tools.py:price'}]", []),
        (
            "[{type: image_gen}]",
            [
                'f:5:16: tools[0].type: unknown tool type "image_gen"; did you mean image_generation?'
                f" known types: {TYPES}"
            ],
        ),
        ("[{type: zzz}]", [f'f:5:16: tools[0].type: unknown tool type "zzz"; known types: {TYPES}']),
        ("[{name: a}]", [f"f:5:9: tools[0].type: missing; known types: {TYPES}"]),
        (
            "[image_generation]",
            [
                'f:5:9: tools[0]: expected an object with a type, got "image_generation";'
                ' write {type: "image_generation"}'
            ],
        ),
        (
            "image_generation",
            ['f:5:8: tools: expected a list, got "image_generation"; write each item as an object behind a -'],
        ),
        ("{type: mcp}", ["f:5:8: tools: expected a list, got an object; write each item behind a -"]),
        ("[{type: 5}]", [f"f:5:16: tools[0].type: expected text, got the number 5; known types: {TYPES}"]),
        (
            "[{type: image_generation}, {type: image_generation}]",
            ['f:5:35: tools[1]: duplicate tool name "image_generation"; tools[0] has it already;'
             " add name: image_generation_2"],
        ),
        (
            "[{type: image_generation, name: search_docs}]\nknowledge: [{name: docs, paths: [docs], mode: tool}]",
            ['f:5:40: tools[0].name: duplicate tool name "search_docs"; the search of knowledge[0] has it already;'
             " add name: search_docs_2"],
        ),
        (
            "[{type: image_generation, name: search_docs}]\nknowledge: [{name: docs, paths: [docs]}]",
            [],
        ),
        (
            "[{type: image_generation, count: 9, sampler: eulr, caption_upsampling: {temperature: 3, modle: x}}]",
            [
                "f:5:41: tools[0].count: expected 1..8, got 9; try 1",
                'f:5:53: tools[0].sampler: expected one of ddim, euler, dpmpp, unipc, got "eulr"; did you mean euler?',
                "f:5:93: tools[0].caption_upsampling.temperature: expected 0..2, got 3; try 2",
                "f:5:96: tools[0].caption_upsampling.modle: unknown key; did you mean model?"
                " allowed: model, temperature, top_k, top_p",
            ],
        ),
        (
            "[{type: image_generation, caption_upsampling: maybe}]",
            ['f:5:54: tools[0].caption_upsampling: expected true or false or an object, got "maybe"'],
        ),
        (
            "[{type: image_generation, requires_approval: 1, max_calls: 0}]",
            [
                "f:5:53: tools[0].requires_approval: expected true or false, got the number 1; write true",
                "f:5:67: tools[0].max_calls: expected 1..100, got 0; try 1",
            ],
        ),
        ("[{type: openapi, schema: a.yaml}]", ['f:5:33: tools[0].schema: there is no "a.yaml"; paths start at sky/']),
        ("[{type: openapi, schema: 'https://example.org/a.yaml'}]", []),
        ("[{type: python, ref: price}]", ['f:5:29: tools[0].ref: expected file.py:function, got "price";'
                                          ' e.g. "./tools.py:price"']),
        ("[{type: python, ref: 'a.py:f'}]", ['f:5:29: tools[0].ref: there is no "a.py"; paths start at sky/']),
        (
            "[{type: mcp, url: 'http://127.0.0.1:1', headers: {Authorization: 12345, X: 'a ${env:NOPE}'}}]",
            [
                "f:5:73: tools[0].headers.Authorization: expected text, got a value (not shown)",
                "w f:5:86: tools[0].headers.X: the environment variable NOPE is not set;"
                " set it before running, or write ${env:NOPE:-default}",
            ],
        ),
    ],
)  # fmt: skip
def test_tools(tools: str, messages: list[str], folder: Path) -> None:
    assert problems(f"{SMALL}tools: {tools}\n", folder) == messages


@pytest.mark.parametrize(
    ("test", "messages"),
    [
        ("{name: a, message: b, expect: {contains: [x]}}", []),
        (
            "{name: a, message: b, expect: {}}",
            ["w f:5:39: tests[0].expect: this test expects nothing; say what the reply must contain, cite or call"],
        ),
        (
            "{name: a, message: b, expect: {contains: 1755, matches: '[[a]'}}",
            ['f:5:50: tests[0].expect.contains: expected a list, got the number 1755; write ["1755"]'],
        ),
        ("{name: a, message: b}", ["f:5:9: tests[0].expect: missing; add expect: …"]),
        (
            "{name: a, message: b, expect: {matches: '('}}",
            ["f:5:49: tests[0].expect.matches: not a regular expression (missing ), unterminated subpattern at"
             " position 0); escape special characters with a backslash"],
        ),
        (
            "{name: a, message: b, expect: {calls: [draw_tiles], not_calls: [zzz]}}",
            [
                'w f:5:48: tests[0].expect.calls[0]: no tool is named "draw_tiles"; did you mean draw_tile?'
                " its tools: draw_tile, search_docs",
                'w f:5:73: tests[0].expect.not_calls[0]: no tool is named "zzz"; its tools: draw_tile, search_docs',
            ],
        ),
        ("{name: a, message: b, expect: {cites: [a.md, docs/deep/b.md, docs], calls: [search_docs]}}", []),
        (
            "{name: a, message: b, expect: {cites: [c.md]}}",
            ['w f:5:48: tests[0].expect.cites[0]: no knowledge source is called "c.md"; did you mean b.md?'],
        ),
        (
            "{name: a, question: b, expect: {contain: [x]}}",
            [
                "f:5:19: tests[0].question: unknown key; did you mean message? allowed: name, message, files, expect",
                "f:5:41: tests[0].expect.contain: unknown key; did you mean contains? allowed: contains, not_contains,"
                " matches, cites, calls, not_calls, images, says_unknown",
            ],
        ),
        (
            "{name: a, message: b, files: [nope.png], expect: {images: 1}}",
            ['f:5:39: tests[0].files[0]: there is no "nope.png"; paths start at sky/'],
        ),
    ],
)  # fmt: skip
def test_tests(test: str, messages: list[str], folder: Path) -> None:
    rest = "tools: [{type: image_generation, name: draw_tile}]\nknowledge: [{name: docs, paths: [docs], mode: tool}]\n"
    assert problems(f"{SMALL}tests: [{test}]\n{rest}", folder) == messages


def test_structure_and_fields_are_reported_together(folder: Path) -> None:
    assert problems(SMALL + "limits: &l {max_iterations: 0}\nmemory: *l\nname: again\nversion: 1\n", folder) == [
        "f:5:9: limits: anchors (&l) are refused; remove the anchor",
        "f:5:29: limits.max_iterations: expected 1..50, got 0; try 8",
        "f:6:9: memory: aliases (*l) are refused; write the value out",
        "f:7:1: name: duplicate key; it stands on line 2 already; keep one of the two",
        'f:8:10: version: expected text, got the number 1; write "1" in quotes',
    ]


def test_no_message_echoes_the_input_unbounded(folder: Path) -> None:
    long = "z" * 50_000
    text = f"{SMALL}{long}: 1\nid: {long}\nmodel: {long}\nmemory: {{history: {long}}}\ntools: [{{type: {long}}}]\n"
    text += f"avatar: {long}\ntests: [{{name: a, message: b, expect: {{matches: '({long}'}}}}]\n"
    for diagnostic in check_text(text, folder):
        assert len(str(diagnostic)) < 700


def test_many_problems_are_cut_and_counted(folder: Path) -> None:
    text = SMALL + "".join(f"k{i}: 1\n" for i in range(9000))
    found = check_text(text, folder, file="f")
    assert len(found) == 101
    assert str(found[-1]) == "f:104:1: 8,900 more problems are not shown"


def test_instructions_from_a_file(folder: Path) -> None:
    (folder / "i.md").write_text("Hello\nto {{citty}}\n")
    text = SMALL.replace("instructions: Explain.", "instructions_file: ./i.md") + "variables: {city: {}}\n"
    assert problems(text, folder) == [
        f"{folder}/i.md:2:4: instructions_file: {{{{citty}}}} is not declared; did you mean {{{{city}}}}?"
    ]
    (folder / "i.md").write_text("Hello to {{city}}\n")
    assert load_text(text, folder).instructions() == "Hello to {{city}}\n"
    (folder / "i.md").write_bytes(b"\xff\xfe")
    assert problems(text, folder) == [f"{folder}/i.md:1:1: the file is not UTF-8; save it as UTF-8"]
    (folder / "i.md").write_text("x" * 32_001)
    assert problems(text, folder) == [f"{folder}/i.md:1:1: expected up to 32,000 characters; shorten it"]


def test_a_link_out_of_the_folder_counts_as_outside(folder: Path) -> None:
    (folder / "docs" / "link.md").symlink_to(folder.parent / "outside.md")
    text = SMALL + "knowledge: [{name: a, paths: [docs/*.md]}, {name: b, paths: [docs/link.md]}]\n"
    assert problems(text, folder) == [
        'w f:5:31: knowledge[0].paths[0]: "docs/*.md" leads outside the assistant\'s folder;'
        " move its target beside the spec, or run with --trust",
        'w f:5:62: knowledge[1].paths[0]: "docs/link.md" leaves the assistant\'s folder;'
        " move it beside the spec, or run with --trust",
    ]


def test_text_needs_a_base_dir_for_paths() -> None:
    with pytest.raises(SpecError) as caught:
        load_text(SMALL + "avatar: a.png\n")
    assert str(caught.value) == (
        '<text>:5:9: avatar: the path "a.png" has no folder to start from;'
        " give base_dir= with a spec that is not a file"
    )


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("tile-studio.assistant.yaml", "tile-studio"),
        ("Tile Studio.assistant.yaml", "tile-studio"),
        ("Été_à_Porto.yaml", "ete-a-porto"),
        ("日本.assistant.yaml", "assistant"),
        ("-- --.yml", "assistant"),
        ("a" * 80 + ".assistant.yaml", "a" * 63),
    ],
)
def test_ids_come_from_the_file_name(name: str, id: str, tmp_path: Path) -> None:
    assert slug(name) == id
    (tmp_path / name).write_text(SMALL)
    assert load_file(tmp_path / name).spec.id == id


def test_bom_and_crlf_are_kept_in_the_text(tmp_path: Path) -> None:
    path = tmp_path / "a.assistant.yaml"
    data = ("\ufeff" + SMALL.replace("\n", "\r\n")).encode()
    path.write_bytes(data)
    loaded = load_file(path)
    assert loaded.text.encode() == data
    assert loaded.spec.name == "Night sky"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"schema": "assistant/v1", "name": "a", "description": "b"}, "instructions: missing"),
        ([], "expected an object with the keys"),
        ({1: 2}, "a key must be text, got 1"),
    ],
)
def test_plain_data_is_judged_by_the_same_rules(data: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        load_dict(data)


def test_data_that_holds_itself_is_refused() -> None:
    data: dict[str, Any] = {}
    data["metadata"] = data
    with pytest.raises(SpecError, match="more than 20,000 values, 32 levels or 256 KB of text"):
        load_dict(data)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    hint = "give the path of an .assistant.yaml file, or an id that `gptsmith list` shows"
    assert [str(d) for d in check(path)] == [f"{path}:1:1: there is no file {path}; {hint}"]
    with pytest.raises(UsageError):
        load_file(path)
    assert [d.code for d in check(tmp_path)] == ["not_a_file"]
