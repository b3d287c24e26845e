"""The verbs of descriptions and files, in their base form."""

# ruff: noqa: SIM905 -- word lists read better as running text
from __future__ import annotations

VERBS = frozenset(
    """accept account act adapt add address adhere adjust advise aim align allow analyse analyze announce answer apply
    arrange ask assess assist assume attach avoid base be begin book brainstorm break bring build calculate call
    capture carry catch change chat check choose cite classify clean coach collaborate collect combine come comment
    compare complete compose conduct confirm connect consider continue control convert convey convince cook copy
    correct count cover craft create debug decide define deliver describe design detect determine develop diagnose
    differentiate discuss display divide do document draft draw edit emphasize employ enable encourage end engage
    enhance enjoy ensure enter establish estimate evaluate examine exist explain explore export extract facilitate
    feel fetch fill find finish fit fix focus follow format gather generate get give go grade greet group guess
    guide handle have help highlight hold identify illustrate imagine implement import improve include incorporate
    inform inspire integrate interact interpret interview introduce invent investigate invite involve join judge
    keep know label learn leave let list listen look love maintain make manage map mark market match mean meet
    mention monitor motivate move name need negotiate notice offer open optimize order organise organize outline own
    paint paste perform pick plan play point post practice practise predict prefer prepare present prevent print
    prioritize process produce promote proofread propose provide publish put quiz quote rank rate read recall recipe
    recognise recognize recommend record reduce refactor refer refine remain remember remind remove repeat rephrase
    reply report represent require rescue research respond return review revise reword rewrite run say schedule
    search see select sell send set share show simplify simulate sketch solve sort speak split spot start state stay
    stick stop structure study suggest summarise summarize support tag take talk teach tell test text think track train
    transform translate try turn type understand update upload use utilize validate verify visualise visualize wait
    walk want warn watch wear work write""".split()
)
# Words that are verbs above and mostly nouns behind "a", "the", "and": not taken for verbs in the middle of a sentence.
_IRREGULAR = {"has": "have", "is": "be", "are": "be", "does": "do", "goes": "go", "quizzes": "quiz"}


def base(word: str) -> str | None:
    """Return the base form of a third person verb (`draws` -> `draw`); None when it is none that is known."""
    low = word.lower()
    if low in _IRREGULAR:
        return _IRREGULAR[low]
    for cut, put in (("ies", "y"), ("es", ""), ("s", "")):
        if low.endswith(cut) and (stem := low.removesuffix(cut) + put) in VERBS:
            return stem
    return None
