"""Talk: what is said for company, reckoned or written, so that no file holds an answer to it.

A message is compared with examples of talk, with examples of what people ask of files, and with what these files are
about: it is talk when it is clearly nearer to the first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

Similarity = Callable[[str, list[str]], list[float]]

_TALK = [
    "hello, how are you today?",
    "how is it going?",
    "how was your weekend?",
    "are you a human being or a machine?",
    "who made you, and how old are you?",
    "do you have feelings, do you sleep?",
    "where do you live, and who are your friends?",
    "what is your favourite colour?",
    "do you like me?",
    "what do you think about it?",
    "what would you do in my place?",
    "should I leave my job?",
    "how do I get over a lost love?",
    "how do I look today?",
    "which of these two do you like better?",
    "do you remember what I said before?",
    "can I trust you?",
    "why did you say that?",
    "that is not what I asked for",
    "please keep your answers short",
    "can you speak another language?",
    "what do you mean by that?",
    "did you understand me?",
    "what are we talking about?",
    "it is lovely, isn't it?",
    "what time is it now?",
    "what day is it today?",
    "will it rain tomorrow?",
    "what is 12 times 7?",
    "how many seconds are there in a day?",
    "how much is 20 percent of 60?",
    "how many days are there between these two dates?",
    "if I save a little every week, how much is it after a year?",
    "is 17 a prime number?",
    "tell me a joke",
    "write a poem about love",
    "write an e-mail for me",
    "translate this sentence into French",
    "how do you spell this word?",
    "which word rhymes with it?",
    "make this text sound more polite",
    "what is another word for it?",
    "think of a few names for it",
    "what could I write on a card?",
    "I am tired and sad today",
    "I am bored, let us chat",
    "let us play a game",
    "let us talk about something else",
    "I love the smell of the sea",
    "I saw a good film yesterday",
    "my friend is such a lovely person",
    "can you recommend a film or a book?",
    "why are people so strange?",
    "why am I always so tired?",
    "who would win a fight, a lion or a tiger?",
    "do you believe in luck?",
    "thank you, that was all",
    "never mind, I have done it already",
]
_OF_FILES = [
    "what does it cost?",
    "what time does it open?",
    "how many are allowed?",
    "how many days of notice do I have to give?",
    "what are the rules for it?",
    "when was it built?",
    "who made this piece, and why?",
    "why are so many of them blue?",
    "how do I set it up?",
    "what should I do when it breaks?",
    "am I allowed to bring it?",
    "what do the documents say about it?",
    "what did I note about it?",
    "how long does it take?",
    "until when must it be handed in?",
    "what can I use instead?",
    "which kind is best for it?",
    "who is responsible for it?",
    "where can I find it?",
    "is it included in the price?",
    "what is the difference between the two?",
    "what happens when I am late?",
    "what was decided about it?",
]
CLEARLY = 0.12  # cosine by which talk is nearer; .11 is the nearest of 199 lookups


def is_talk(text: str, subjects: Sequence[str], similarity: Similarity, *, clearly: float = CLEARLY) -> bool:
    """Tell whether `text` is nearer to talk, by a cosine of `clearly`, than to what is asked of files on `subjects`."""
    near = similarity(text, [*_TALK, *_OF_FILES, *subjects])
    return max(near[: len(_TALK)]) - max(near[len(_TALK) :]) >= clearly
