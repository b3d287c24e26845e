"""The ways of speaking that a command may ask for, each with its contrary and how it is told to the assistant."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property


@dataclass(frozen=True)
class Manner:
    """A way of speaking.

    `like` are the words for it, `unlike` those for what it is too much of when this is wanted, each in its plain form;
    `phrases` and `faults` say the same in more words, as patterns. `said` tells it to the assistant, `adjective` and
    `adverb` replace a contrary word in the instructions, which `against` lists.
    """

    name: str
    like: str
    unlike: str
    adjective: str
    adverb: str
    said: str
    against: str = ""
    phrases: str = ""
    faults: str = ""

    @cached_property
    def wanted(self) -> str:
        """The pattern of what asks for it."""
        return "|".join(filter(None, [self.phrases, _forms(self.like)]))

    def called(self, word: str) -> Manner:
        """Return it told in the person's word where its own sentence has another: `stricter` -> `Be strict: …`."""
        own = next((w for w in self.like.split() if re.fullmatch(_forms(w), word, re.IGNORECASE)), "")
        if not own or own[:4] in self.said.lower():
            return self
        return replace(self, said=f"Be {own.replace('_', ' ')}: {self.said[:1].lower()}{self.said[1:]}")

    @cached_property
    def too_much(self) -> str:
        """The pattern of what it is too much of."""
        return "|".join(filter(None, [self.faults, _forms(self.unlike)]))

    @cached_property
    def contrary(self) -> str:
        """The pattern of the words in the instructions that would contradict it."""
        return "|".join(rf"{_word(w)}(?:ly)?" for w in self.against.split())


def _word(word: str) -> str:
    return word.replace("_", " ").replace("-", "[- ]")


def _forms(words: str) -> str:
    """Return a pattern of words in all their forms: warm, warmer, warmest, warmly, warmth."""
    out = []
    for word in words.split():
        stem = _word(word)
        if word.endswith("y"):
            out.append(rf"{stem[:-1]}(?:y|ier|iest|ily|iness|yish)")
        elif word.endswith("e"):
            out.append(rf"{stem}(?:r|st|ly|ness)?")
        else:
            doubled = (
                f"(?:{word[-1]}?er|{word[-1]}?est)" if re.search(r"[^aeiou][aeiou][bdgmnpt]$", word) else "(?:er|est)"
            )
            out.append(rf"{stem}(?:{doubled}|ly|ness|th|ally|ity)?")
    return "|".join(sorted(out, key=len, reverse=True))


MANNERS = (
    Manner(
        "short",
        "short brief concise succinct terse crisp compact snappy pithy punchy condensed tight sparse economical",
        "long long-winded wordy verbose chatty talkative detailed lengthy rambling windy drawn-out elaborate"
        " exhaustive bloated"
        " extensive garrulous wide-ranging longish prolix",
        "brief",
        "briefly",
        "Keep answers short: a few sentences unless more is asked for.",
        "long lengthy detailed thorough exhaustive elaborate at_length in_detail",
        r"to the point|fewer words|half as long|half (?:the|as) (?:length|long)|(?:less|cut(?: out)? the|no|drop"
        r" the|skip the|without the)"
        r" (?:chatter|chit-?chat|waffle|fluff|filler|padding|small talk|blah|prose|rambling|preamble|introductions?)"
        r"|less (?:text|words|talk\w*|wordy|verbose|chatty|long-winded|detail\w*|rambling)|shorten\w*|tighten\w*"
        r"|trim\w*|condense"
        r"|cut (?:it|them|the answers|down|to the chase)|get to the point|keep it (?:simple|down)|(?:just|only) the"
        r" (?:essentials?|basics"
        r"|gist|facts|main points?|key points?)|the (?:essentials|gist|bottom line|key points)|in a nutshell|not"
        r" (?:so|too) much text"
        r"|bite-sized|one-liners?|tl;?dr",
        r"much (?:text|detail|information|info|words)|many words|like (?:a )?(?:novels?|essays?|lectures?)",
    ),
    Manner(
        "long",
        "long deep complete comprehensive extensive thorough elaborate exhaustive",
        "short brief terse concise curt sparse thin superficial shallow laconic scarce skimpy",
        "detailed",
        "in detail",
        "Give longer, more detailed answers.",
        "short brief concise terse succinct",
        r"twice as long|(?:the )?(?:whole|full|entire) (?:story|picture)|(?:more |in |with )(?:\w+ )?detail(?:s"
        r"|ed)?|elaborat\w+|at length|in[- ]depth"
        r"|more (?:to say|text|words|depth|explanations?|background|context|information|info|substance|meat"
        r"|explaining|content|insight)"
        r"|expand\w*|go(?:es|ing)? (?:deeper|into (?:more )?(?:depth|detail))|background information|flesh (?:it"
        r"|them) out",
        r"little (?:detail|text|information|to say|depth)|vague",
    ),
    Manner(
        "formal",
        "formal businesslike professional official dignified proper ceremonious stately",
        "casual informal chummy slangy sloppy colloquial familiar flippant matey unprofessional laid-back",
        "formal",
        "formally",
        "Speak in a formal, professional way.",
        "casual informal relaxed loose chatty playful slangy",
        r"business(?: |-)like|suit and tie",
    ),
    Manner(
        "relaxed",
        "relaxed casual informal loose easygoing easy-going natural laid-back chilled colloquial human chatty"
        " talkative conversational"
        " approachable down-to-earth unstuffy",
        "formal stiff robotic wooden stilted official corporate bureaucratic pompous starchy uptight impersonal"
        " mechanical posh dry"
        " stuffy soulless sterile clinical monotone ai-like prim",
        "relaxed",
        "in a relaxed way",
        "Speak in a relaxed, natural way.",
        "formal stiff official ceremonious",
        r"loosen(?: it)? up|lighten(?: it)? up|like a (?:person|human|real person)",
        r"like a (?:robot|machine|lawyer|form letter|computer|manual)|business-?like",
    ),
    Manner(
        "friendly",
        "friendly kind nice welcoming likeable pleasant amiable warm warm-hearted cordial gentle soft sweet"
        " hospitable loving tender"
        " charming approachable",
        "cold unfriendly rude harsh blunt gruff curt distant cool aloof brusque unkind abrupt stern snippy bossy"
        " strict severe hostile"
        " grumpy unwelcoming aggressive mean sharp snappish frosty icy detached",
        "friendly",
        "warmly",
        "Be warm and friendly.",
        "cold distant stern harsh strict gruff",
        r"(?:more )?(?:warmth|heart|kindness)|soften\w*",
    ),
    Manner(
        "polite",
        "polite courteous respectful well-mannered tactful deferential",
        "impolite cheeky disrespectful fresh insolent tactless",
        "polite",
        "politely",
        "Be polite and respectful.",
        "rude cheeky impolite",
        r"better manners|say please|mind (?:its|your) manners",
    ),
    Manner(
        "funny",
        "funny witty humorous playful amusing entertaining silly light-hearted lighthearted cheeky jokey comical"
        " zany goofy ironic sassy",
        "serious solemn humourless humorless earnest grave sober",
        "playful",
        "with humour",
        "Speak with a little humour.",
        "serious sober solemn earnest",
        r"humou?r|jok(?:e|es|ing)|fun|laughs?|puns?|banter|wit|comedy",
    ),
    Manner(
        "serious",
        "serious sober matter-of-fact earnest factual neutral objective grown-up mature dispassionate unemotional"
        " businesslike",
        "silly playful funny jokey goofy childish frivolous cute flippant cheesy corny ridiculous clownish"
        " emotional infantile",
        "serious",
        "seriously",
        "Be serious and matter-of-fact; no jokes.",
        "playful funny silly witty humorous jokey",
        r"grow(?:n)? up|no (?:more )?(?:jokes|joking|fooling around|nonsense)|stop (?:joking|the jokes)",
    ),
    Manner(
        "calm",
        "calm quiet soothing tranquil patient composed unhurried slow serene mellow",
        "loud shouty excited excitable hectic hyper frantic energetic pushy impatient hurried rushed nervous"
        " over-excited overexcited"
        " agitated intense noisy hasty stressed fast breathless shrill",
        "calm",
        "calmly",
        "Stay calm and unhurried.",
        "loud excited energetic hectic",
        r"patience|calm(?: it)? down|slow(?: it)? down|take (?:its|more) time",
    ),
    Manner(
        "lively",
        "lively enthusiastic energetic excited upbeat cheerful cheery happy vivid bubbly peppy passionate positive"
        " optimistic spirited"
        " sunny perky dynamic joyful exciting inspiring",
        "calm flat monotonous sleepy lifeless gloomy sad tired quiet pessimistic lame dry dreary bland tame"
        " depressing boring"
        " listless dull grumpy"
        " lacklustre sombre muted",
        "lively",
        "with enthusiasm",
        "Be lively and upbeat.",
        "calm sober quiet flat",
        r"(?:more |some |a bit of )?(?:enthusiasm|energy|pep|zest|spirit|fire|passion|oomph|excitement|cheer|verve)"
        r"|cheer(?: it)? up|liven(?: it)? up",
    ),
    Manner(
        "simple",
        "simple plain understandable clear accessible child-friendly straightforward easy readable",
        "complicated complex technical difficult confusing academic scientific jargony advanced abstract clever"
        " nerdy highbrow unclear"
        " convoluted sophisticated cryptic incomprehensible geeky dense obscure bookish",
        "simple",
        "in plain words",
        "Use plain words that anyone understands.",
        "technical complex academic scholarly",
        r"simplif\w+|easier to (?:understand|follow|read|grasp)|easy to (?:understand|follow|read|grasp)|(?:simpler"
        r"|easier|small|short|everyday|ordinary)"
        r" words|less (?:jargon|technical|complicated|academic)|no jargon|for (?:beginners|laypeople|laymen|dummies"
        r"|everyone)|lay(?:man|person)?['’]?s?"
        r" terms|everyday (?:language|words)|plain (?:english|language|words)|dumb(?: it)? down|so (?:that"
        r" )?(?:anyone|a child|everybody|everyone"
        r"|kids|children) (?:can )?(?:understands?|follows?|gets?)(?: it)?|like (?:i['’]m|to a|for a) (?:five|child"
        r"|beginner|five-year-old)",
        r"hard to (?:understand|follow|read)|over (?:their|people['’]s|everyone['’]s) heads?|much jargon",
    ),
    Manner(
        "technical",
        "technical precise exact scientific sophisticated advanced academic scholarly rigorous accurate specific"
        " learned",
        "simple simplistic basic imprecise childish dumbed-down elementary popular inexact fuzzy woolly sketchy"
        " vague generic",
        "precise",
        "precisely",
        "Be precise and use the technical terms.",
        "simple plain",
        r"expert(?:-level)?|(?:the )?(?:technical|proper|correct) terms",
    ),
    Manner(
        "encouraging",
        "encouraging supportive motivating empathetic empathic compassionate caring understanding reassuring"
        " sympathetic constructive"
        " uplifting comforting considerate",
        "discouraging critical negative judgmental judgemental unsympathetic insensitive demanding preachy"
        " condescending patronizing"
        " patronising demotivating nagging dismissive disheartening belittling accusing",
        "encouraging",
        "encouragingly",
        "Be encouraging and supportive.",
        "critical judgmental",
        r"empathy|encouragement|compassion|motivat\w+|more praise|cheer (?:people|them|users) on",
    ),
    Manner(
        "direct",
        "direct blunt frank straightforward honest assertive confident firm strict decisive stern tough candid"
        " outspoken",
        "hesitant evasive wishy-washy apologetic timid soft shy unsure lenient indirect cautious careful flattering"
        " servile nice"
        " obsequious sycophantic diplomatic non-committal meek submissive deferential",
        "direct",
        "directly",
        "Be direct and clear.",
        "hesitant cautious vague",
        r"straight talk|don['’]t beat around the bush|no sugar-?coating|stop (?:apologi[sz]ing|hedging"
        r"|flattering)(?: (?:so much|all the time|people))?",
    ),
    Manner(
        "modest",
        "modest humble reserved restrained understated subtle discreet unassuming low-key",
        "arrogant smug know-it-all pushy salesy cocky boastful overconfident over-confident self-important"
        " pretentious gushing cloying"
        " effusive enthusiastic cheerful bubbly upbeat friendly sweet sugary syrupy conceited familiar intrusive"
        " nosy haughty perky chirpy"
        " over-the-top pompous exuberant",
        "reserved",
        "with restraint",
        "Keep a modest, restrained tone.",
        "boastful effusive gushing",
        r"humility|modesty|restraint",
        r"much of a know-it-all|full of itself",
    ),
    Manner(
        "poetic",
        "poetic lyrical literary flowery dramatic romantic mysterious old-fashioned theatrical whimsical",
        "prosaic unpoetic sober",
        "poetic",
        "poetically",
        "Speak in a poetic way.",
        "plain sober",
        r"poetry",
    ),
)
