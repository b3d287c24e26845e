"""Hand-written specs and fragments as people write them: every odd way of laying YAML out, for the splice editor."""

from __future__ import annotations

HEAD = "schema: assistant/v1\nname: Night sky\ndescription: A guide to the stars.\ninstructions: Be kind.\n"

ODD: dict[str, str] = {
    "plain": HEAD,
    "comments everywhere": """\
# A guide, made by hand.
# yaml-language-server: $schema=./assistant-v1.schema.json

# --- what it is ---
schema: assistant/v1   # format
name: Night sky        # shown in the list
# about the text
description: A guide to the stars.

# --- how it talks ---
instructions: |   # kept short
  Speak softly.
  # not a comment
  Never shout.
# after the block
conversation_starters:   # up to twelve
  # the first
  - What is a star?   # easy
  # the second,
  # on two lines
  - Why is it dark?

  # the last
  - Where is Mars?
  # - a starter that is switched off
tools:
  # drawing
  - type: image_generation   # local
    # a name of its own
    name: draw
    size: 256x256
  # reading
  - type: image_captioning
# the end
""",
    "crlf": HEAD.replace("\n", "\r\n") +
    "tools:\r\n  - type: a # one\r\n  # two\r\n  - type: b\r\nnotes: |\r\n  x\r\n\r\n  y\r\n",
    "old mac": "a: 1\rb:\r  - x\r  - y\rc: |\r  t\r  u\rd: z\r",
    "bom": "\ufeffname: A # first\nlist: [a, b]\nmap:\n  k: v\n",
    "bom and comment": "\ufeff# head\nname: A\nother: b\n",
    "bom crlf": "\ufeffname: A\r\nlist:\r\n- a\r\n- b\r\n",
    "mixed line ends": "a: 1\r\nb: 2\nc:\n  - x\r\n  - y\n",
    "no final newline": "a: 1\nb:\n  - x\n  - y",
    "no final newline, block": "a: 1\nb: |\n  one\n  two",
    "no final newline, keep": "a: |+\n  one\n\n\nb: x",
    "no final newline, comment": "a: 1\nb: 2 # end",
    "quotes": "a: 'it''s'\nb: \"tab\\t and \\\"quotes\\\" \\u263a\"\nc: 'a: b # c'\n'd e': \"x\"\n"
    "\"f\\\"g\": y\nh: \"\"\ni: ''\n",
    "flow lists": "a: [x, 'y', \"z\", 1, 2.5, true, null]\nb: {k: v, l: [m, n], 'o p': {q: r}}\nc: []\nd: {}\ne: [ ]\n",
    "flow over lines": """\
labels: [
  red,     # warm
  # cold ones
  blue,
  green
]
more: [a,
       b,
       c]
map: {
  one: 1,
  two: [2, 2],   # twice
  three: {x: y},
}
trailing: [a, b, ]
""",
    "flow commas first": "a: [x\n  , y\n  , z]\nb: end\n",
    "flow pairs": "a: [k: v, l]\nb: {m, n: }\nc: {\"q\": 1, \"r\":2}\n",
    "flow questions": "a: [Why?, who? me, {q: really?}]\n",
    "blocks": "a: |\n  one\n   two\n\n  three\nb: >\n  folded\n  text\n\n  next\nc: |-\n  strip\nd: >-\n"
    "  fold\n  strip\ne: end\n",
    "keep": "a: |+\n  one\n\n\nb: >+\n  two\n\nc: end\n",
    "indicators": "a: |2\n   one\n  two\nb: |4-\n      deep\n    less\nlist:\n  - |1\n    x\n   y\n  - >2-\n     z\n",
    "indicator order": "a: |-2\n   one\n  two\nb: |2-   # why\n   x\nc: z\n",
    "blank ends": "a: |\n  one\n\n\n\nb: |-\n  two\n\n# c\nc: 3\n\n\n",
    "white ends": "a: |\n  one\n     \n  \nb: 2  \nc:  3   \nd: x  # two\n",
    "empty blocks": "a: |\nb: >-\nc: |+\n\nd: |  # nothing\ne: 1\n",
    "tabs in text": "a: 'one\ttwo'\nb: |\n  \tindented\n  x\ty\nc: \"a\tb\"\nd: [\"x\ty\", z]\ne: >\n  f\tg\n  h\n",
    "deep": "".join(f"{'  ' * n}k{n}:\n" for n in range(20)) + "  " * 20 + "leaf: 1 # deep\n" + "after: 2\n",
    "deep lists": "a:\n  - - - x\n      - y\n    - - z\n  - - w\nb: 1\n",
    "dashes at the key": "tools:\n- type: a\n  name: n\n- type: b\nlist:\n- x\n- y\nafter: 1\n",
    "four columns": "tools:\n    -   type: a\n        conf:\n            x: 1\n    -   type: b\nmap:\n    k:\n"
    "        l: m\n",
    "one column": "a:\n b:\n  - c\n  - d\n e: f\n",
    "uneven": "a:\n   b: 1\n   c:\n        - x\n        - y\nd:\n      e: 2\n",
    "items below dash": "list:\n  -\n    name: a\n    text: b\n  -\n    # inside\n    name: c\n  - \n    name: d\n",
    "empty values": "a:\nb: # why\nc:\n  -\n  - # why\n  - x\nd: ~\ne: null\nf: \n",
    "empty collections": "a: []\nb: {}   # none\nc:\n  - []\n  - {}\nd: {e: [], f: {}}\n",
    "many lines plain": "a: one\n  two\n  three # c\nb: 'four\n  five'\nc: \"six\n\n  seven\\\n  eight\"\nd:\n"
    "  nine\n  ten\ne: x\n",
    "value on the next line": "a:\n  x\nb:\n  \"y\" # c\nc:\n  [1, 2]\nd:\n  {k: v}\ne:\n  # c\n  z\n",
    "document marks": "---\na: 1\nlist:\n  - x\n...\n",
    "document mark and comment": "%YAML 1.2\n---\n# head\na: 1\nb: 2\n",
    "explicit keys": "? a\n: 1\n? b\n: - x\n  - y\nc: 2\n",
    "numbers": "a: 0x1f\nb: 0o17\nc: 1e3\nd: -.inf\ne: +12\nf: 1_000\ng: 2024-01-01\nh: yes\ni: 0.30\n",
    "text like yaml": "a: 'yes'\nb: \"12\"\nc: '- x'\nd: 'k: v'\ne: '#x'\nf: a#b\ng: http://x/#y\nh: a:b\n",
    "unicode": "a: 日本語\nb: '😀 👨‍👩‍👧'\n\"ключ\": значение # комментарий\nc: [é, ß]\nd: \"\\ud83d\\ude00\"\n",
    "spaced items": "list:\n\n  - a: 1\n    b: 2\n\n  - a: 3\n\n  - a: 4\n\nafter: x\n",
    "flow items": "starters:\n  - {title: A, text: a}\n  - {title: B, text: b}   # two\n  - plain\n",
    "colons with space": "a : 1\n\"b\" : 2\nc  :\n  - x\nd: {e : f}\n",
    "comments of all columns": "a:\n  - x\n# left\n  - y\n      # right\n  - z\n    # deeper\nb: 1\n"
    "   # after b\nc: 2\n",
    "comment below key": "a:   # one\n  # two\n\n  # three\n  k: v   # four\n  # five\nb: x\n",
    "only one": "only: x\n",
    "only a list": "only:\n  - x # c\n",
    "root list": "- a\n- b: 1\n  c: 2\n# c\n- d\n",
    "root flow": "{a: 1, b: [x, y]}\n",
    "dots in keys": "a.b: 1\n'c[0]': 2\nx-free:\n  'd.e':\n    f-g: 3\n",
    "long text": "description: " + "word " * 60 + "end\nother: 1\n",
    "hash after block": "a: |\n  x\n # not inside\nb: >\n  y\n\n # neither\n\nc: z\n",
    "json": '{\n  "name": "A",\n  "list": [\n    "x",\n    "y"\n  ],\n  "map": {"k": 1}\n}\n',
    "odd breaks": "a: x\u2028y\nb: |\n  p\u0085q\n  r\nc: z\n",
}  # fmt: skip
