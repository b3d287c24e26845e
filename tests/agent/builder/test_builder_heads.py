"""A draft's name, sentences, blanks, starters and named documents: the person's own, or whole, on every model."""

from __future__ import annotations

from typing import Any

import pytest

from gptsmith import Builder
from gptsmith.agent.builder.draft.guards import given_name, sentence_about
from gptsmith.agent.builder.language.mentions import missing_documents, named_documents
from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.models.chat.factory import make_chat_model
from tests.support.loopback import Loopback, calls

GOOD: dict[str, Any] = {
    "name": "Chemistry Helper",
    "description": "Explains chemistry to pupils.",
    "role": "You explain chemistry to pupils.",
    "conversation_starters": ["Why does salt dissolve?"],
}


@pytest.fixture
def builder(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> Builder:
    monkeypatch.setenv("KEY", loopback.api_key)
    model = ModelSpec(provider="openai", name="scripted", base_url=loopback.base_url, api_key="${env:KEY}")
    return Builder(make_chat_model(model))


@pytest.mark.parametrize(
    "text, name",
    [
        ("Please build an assistant named Nova that helps my pupils.", "Nova"),
        ("Make me a bot called Pip for the front desk.", "Pip"),
        ("A guide to the harbour. Call it Lasse.", "Lasse"),
        ("I want a coach named “Big Ben”.", "Big Ben"),
        ("Its name should be Mira Moon. It sells tea.", "Mira Moon"),
        ("Baue einen Helfer namens Otto.", "Otto"),
        ("My dog is called Rex, write stories about him.", ""),
        ("We have a cat called Tom; make a bot for vets.", ""),
        ("Answer people called customers.", ""),
    ],
)
def test_a_name_that_is_given_is_kept(text: str, name: str, builder: Builder, loopback: Loopback) -> None:
    assert given_name(text) == name
    loopback.push(calls(Draft=GOOD))
    assert builder.build(text).draft.name == (name or GOOD["name"])


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("You're a patient coach for beginners.", "A patient coach for beginners."),
        ("Please build an assistant that sells tea.", "An assistant that sells tea."),
        ("{topic} tutor for pupils.", ""),
        ("For our guests, the house rules.", ""),
        ("Explains chemistry to pupils.", "Explains chemistry to pupils."),
    ],
)
def test_a_description_is_a_sentence_or_none(text: str, sentence: str) -> None:
    assert sentence_about(text) == sentence


@pytest.mark.parametrize(
    "text",
    [
        "For our hotel guests: answer questions about breakfast from the house rules.",
        "Can you help me write better emails?",
        "can you make a quiz bot for my pub",
        "You're a patient chess coach for beginners.",
        "In a bakery, people ask what is gluten free.",
        "It answers new staff from the employee handbook.",
        "{topic} tutor for {level} pupils.",
    ],
)
def test_the_embedded_model_begins_with_a_sentence(text: str) -> None:
    draft = Builder("embedded").build(text).draft
    first = draft.role.split()[:4]
    assert first[:2] in (["You", "are"], ["Your", "work"])
    assert not {word.lower() for word in first[2:]} & {"for", "can", "in", "it", "please", "you", "you're"}
    assert not draft.description.lower().startswith(("for ", "can ", "in ", "you", "{", "please"))


@pytest.mark.parametrize("model", ["embedded", "hosted"])
def test_every_blank_stays_a_variable_that_is_used(model: str, builder: Builder, loopback: Loopback) -> None:
    loopback.push(calls(Draft=GOOD))
    text = "Act as a career coach for ${industry:tech}. My experience is ${years} years. Budget: [budget]."
    built = (builder if model == "hosted" else Builder("embedded")).build(text)
    told = built.spec.instructions or ""
    assert {"industry", "years", "budget"} == set(built.spec.variables)
    assert all("{{" + name + "}}" in told or name == "industry" for name in built.spec.variables)
    assert built.spec.variables["industry"].default == "tech"
    assert built.spec.variables["years"].description == "My experience is … years"


@pytest.mark.parametrize(
    "starters, kept",
    [
        (["Chemistry: where do I start?", "Why does salt dissolve?"], ["Why does salt dissolve?"]),
        (["Help me with chemistry.", "What is a mole?"], ["What is a mole?"]),
        (["What is a mole?"], ["What is a mole?"]),
    ],
)
def test_a_starter_that_only_repeats_the_name_is_left_out(
    starters: list[str], kept: list[str], builder: Builder, loopback: Loopback
) -> None:
    loopback.push(calls(Draft=GOOD | {"conversation_starters": starters}))
    assert builder.build("Explains chemistry.").draft.conversation_starters == kept


@pytest.mark.parametrize(
    "text, named",
    [
        ("Answers guests from the house rules and the fee table.", ["the house rules", "the fee table"]),
        ("It answers new staff from the employee handbook and our plant list.",
         ["the employee handbook", "our plant list"]),
        ("Answers from the onboarding binder I'll hand you.", ["the onboarding binder"]),
        ("Uses the PDFs in Dropbox.", ["the PDFs"]),
        ("It tells what is in the attached rota.", ["the attached rota"]),
        ("Questions on our club statutes, the fee schedule and the locker list.",
         ["our club statutes", "the fee schedule", "the locker list"]),
        ("It drafts replies based on our returns policy.", ["our returns policy"]),
        ("Write a packing list for our sailing trip.", []),
        ("Help me write my cookbook.", []),
        ("Summarise the meeting minutes I paste.", []),
        ("Answer questions about the periodic table.", []),
        ("It explains the rules of chess.", []),
    ],
)  # fmt: skip
def test_a_named_document_is_knowledge(text: str, named: list[str], builder: Builder, loopback: Loopback) -> None:
    assert named_documents(text) == named
    loopback.push(calls(Draft=GOOD))
    built = builder.build(text)
    assert [item.what for item in built.missing] == named
    assert all("Attach the files" in item.how for item in built.missing)
    assert built.draft.question == (
        f"Can you attach {', '.join(named[:-1])} and {named[-1]}?"
        if named[1:]
        else f"Can you attach {named[0]}?"
        if named
        else ""
    )


def test_a_document_that_is_attached_is_not_missing() -> None:
    text = "Answers guests from the house rules and the fee table."
    assert missing_documents(text, ["house-rules.pdf"]) == ["the fee table"]
    assert missing_documents(text, ["house-rules.pdf", "fees.pdf"]) == []
    assert missing_documents(text, ["all.pdf"]) == []


@pytest.mark.parametrize(
    ("text", "name", "about"),
    [
        ("Please make a bot called Juno that answers questions about our park.", "Juno", "Answers questions about our"),
        ("Make me a bot called Pip for the front desk.", "Pip", "A helper for the front desk."),
        ("Baue einen Helfer namens Otto für den Garten.", "Otto", "Baue einen Helfer namens Otto"),
    ],
)
def test_a_given_name_is_kept_without_a_language_model_too(text: str, name: str, about: str) -> None:
    draft = Builder("embedded").build(text).draft
    assert draft.name == name
    assert draft.description.startswith(about)
    assert "Called" not in draft.role
