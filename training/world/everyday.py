"""The things that people ask for most: what the generator sees more often while it learns.

They are the classes of COCO (Lin et al. 2014, https://arxiv.org/abs/1405.0312), which GenEval asks for, and the nouns
of the spatial prompts of T2I-CompBench (Huang et al. 2023, https://arxiv.org/abs/2307.06350), as far as the world has
them.
"""

EVERYDAY = frozenset(
    """
airplane|apple|backpack|balloon|banana|bear|bed|bee|bicycle|bird|boat|book|bottle|bowl|boy|broccoli|bus|butterfly
cake|candle|car|carrot|cat|chair|chicken|clock|computer keyboard|computer mouse|couch|cow|cup|dog|donut|elephant|fish
frisbee|frog|giraffe|girl|glass|handbag|horse|hot dog|key|kite|knife|laptop|light bulb|man|motorcycle|mouse|orange
painting|person|phone|pig|pizza|plate|potted plant|rabbit|sandwich|scissors|sheep|skateboard|skis|soccer ball|spoon
stop sign|suitcase|teddy bear|tennis racket|tie|toilet|toothbrush|traffic light|train|truck|turtle|tv|umbrella|vase
wallet|wine glass|woman|zebra|cube|ball|cone|cylinder|pyramid
""".strip()
    .replace("\n", "|")
    .split("|")
)
