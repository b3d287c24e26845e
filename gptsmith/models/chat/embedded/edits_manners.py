"""The ways of speaking that a command may ask for, each with its contrary and how it is told to the assistant."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Manner:
    """A way of speaking: the words that ask for it, those that complain of the contrary, and how it is told."""

    name: str
    wanted: str
    too_much: str  # behind "too": what it is when the contrary is wanted
    adjective: str
    adverb: str
    said: str
    against: str = ""  # words in the instructions that would contradict it
    less: str = ""  # what `less …` says of it


MANNERS = (
    Manner(
        "short",
        r"short(?:er|ly)?|brief(?:er|ly)?|concise(?:r|ly)?|succinct(?:ly)?|terse(?:r|ly)?|crisp(?:er)?|compact|to"
        r" the point"
        r"|snappi?e?r?|fewer words|half as long|half (?:the|as) (?:length|long)|(?:less|cut the|no|drop the)"
        r" (?:chatter|chit-?chat|waffle|fluff|filler|padding|small talk|blah|prose|rambling)|less (?:text|words"
        r"|talk\w*|wordy|verbose|chatty|long-winded|detail\w*|rambling)"
        r"|shorten|tight(?:en|er)"
        r"|trim(?:med)?|cut (?:it|them|the answers|down|to the chase)|condense|get to the point|keep it (?:simple"
        r"|down)",
        r"long|long-winded|wordy|verbose|chatty|talkative|detailed|lengthy|rambling|much text|many words|much"
        r" detail|windy"
        r"|drawn[- ]out|elaborate|exhaustive",
        "brief",
        "briefly",
        "Keep answers short: a few sentences unless more is asked for.",
        r"long|longer|lengthy|detailed|thorough|exhaustive|elaborate|at length|in detail",
        "detailed",
    ),
    Manner(
        "long",
        r"long(?:er)?|twice as long|(?:the )?(?:whole|full) story|(?:more |in )detail(?:s|ed)?|thorough(?:ly)?"
        r"|elaborat\w+|at length|in[- ]depth|fuller|more"
        r" (?:to say|text"
        r"|words|depth|thorough|elaborate|exhaustive|explanation)|deeper|comprehensive(?:ly)?|extensive(?:ly)?|expand",
        r"short|brief|terse|concise|curt|sparse|thin|superficial|shallow|vague|laconic",
        "detailed",
        "in detail",
        "Give longer, more detailed answers.",
        r"short|brief|briefly|concise|concisely|terse|succinct|shortly",
        "long",
    ),
    Manner(
        "formal",
        r"formal(?:ly)?|businesslike|professional(?:ly)?|official|dignified|proper",
        r"casual|informal|chummy|slangy|sloppy|colloquial|familiar|flippant|matey|unprofessional",
        "formal",
        "formally",
        "Speak in a formal, professional way.",
        r"casual|casually|informal|informally|relaxed|loose|chatty|playful|slangy",
        "casual",
    ),
    Manner(
        "relaxed",
        r"relaxed|casual(?:ly)?|informal(?:ly)?|loos(?:e|er|en)|easy-?going|natural(?:ly)?|laid[- ]back|chilled?"
        r"|colloquial(?:ly)?"
        r"|human|chatt(?:y|ier)|talkative|conversational|down[- ]to[- ]earth|approachable",
        r"formal|stiff|robotic|wooden|stilted|official|corporate|bureaucratic|pompous|starchy|uptight|impersonal"
        r"|mechanical|posh"
        r"|like a (?:robot|machine|lawyer|form letter)|dry",
        "relaxed",
        "in a relaxed way",
        "Speak in a relaxed, natural way.",
        r"formal|formally|stiff|official|ceremonious",
        "formal",
    ),
    Manner(
        "friendly",
        r"friend(?:ly|lier|liness)|kind(?:er|ly|ness)?|nice(?:r|ly)?|welcoming|likeable|pleasant(?:er)?|amiable"
        r"|warm(?:er|ly|th)?"
        r"|warm-hearted|cordial|gentl(?:e|er|y)|soft(?:er)?|sweeter",
        r"cold|unfriendly|rude|harsh|blunt|gruff|curt|distant|cool|aloof|brusque|unkind|abrupt|stern|snippy|bossy"
        r"|strict|severe",
        "friendly",
        "warmly",
        "Be warm and friendly.",
        r"cold|coldly|distant|stern|harsh|harshly|strict|gruff",
        "reserved",
    ),
    Manner(
        "polite",
        r"polite(?:r|ly|ness)?|courteous|respectful(?:ly)?|better manners|well[- ]mannered|tactful",
        r"impolite|rude|cheeky|disrespectful|fresh",
        "polite",
        "politely",
        "Be polite and respectful.",
        r"rude|cheeky|impolite",
        "polite",
    ),
    Manner(
        "funny",
        r"humou?r(?:ous)?|funn(?:y|ier)|witt(?:y|ier)|jok(?:e|es|ing)|playful(?:ly|ness)?|fun|amusing|entertaining"
        r"|silly|silli(?:er|ness)"
        r"|light-?hearted|cheeky",
        r"serious|solemn|boring|dull|humou?rless|earnest|grave|sober|tame|bland",
        "playful",
        "with humour",
        "Speak with a little humour.",
        r"serious|seriously|sober|solemn|earnest",
        "serious",
    ),
    Manner(
        "serious",
        r"serious(?:ly|ness)?|sober(?:ly)?|matter[- ]of[- ]fact|earnest|factual(?:ly)?|neutral(?:ly)?"
        r"|objective(?:ly)?|grown-up|mature",
        r"silly|playful|funny|jokey|goofy|childish|frivolous|cute|flippant|cheesy",
        "serious",
        "seriously",
        "Be serious and matter-of-fact; no jokes.",
        r"playful|playfully|funny|silly|witty|humorous|jokey",
        "playful",
    ),
    Manner(
        "calm",
        r"calm(?:er|ly|ness)?|quiet(?:er|ly)?|soothing|tranquil|patient(?:ly)?|patience|composed|unhurried"
        r"|slow(?:er|ly)?",
        r"loud|shouty|excited|excitable|hectic|hyper|frantic|energetic|pushy|impatient|hurried|rushed|nervous"
        r"|over-?excited|agitated"
        r"|intense|noisy",
        "calm",
        "calmly",
        "Stay calm and unhurried.",
        r"loud|loudly|excited|excitedly|energetic|energetically|hectic",
        "restless",
    ),
    Manner(
        "lively",
        r"livel(?:y|ier)|enthusias\w+|energetic(?:ally)?|excited|upbeat|cheerful(?:ly)?|cheer(?:ier|y)|happy"
        r"|happier|vivid|bubbly"
        r"|peppy|passionate|positive|optimistic|energy",
        r"calm|flat|monotonous|sleepy|lifeless|gloomy|sad|tired|quiet|negative|pessimistic|lame|depressing",
        "lively",
        "with enthusiasm",
        "Be lively and upbeat.",
        r"calm|calmly|sober|quiet|flat",
        "excited",
    ),
    Manner(
        "simple",
        r"simpl(?:e|er|y|ify|ified)|plain(?:er|ly)?|eas(?:y|ier) to (?:understand|follow|read)|easier words"
        r"|understandable|clear(?:er|ly)?"
        r"|less (?:jargon|technical|complicated|academic)|child-friendly|for (?:beginners|laypeople|laymen)"
        r"|accessible|layman['’]s terms",
        r"complicated|complex|technical|difficult|hard to (?:understand|follow|read)|confusing|academic|scientific"
        r"|jargony|advanced"
        r"|abstract|clever|nerdy|high-?brow|unclear",
        "simple",
        "in plain words",
        "Use plain words that anyone understands.",
        r"technical|technically|complex|academic|scholarly",
        "basic",
    ),
    Manner(
        "technical",
        r"technical(?:ly)?|precise(?:ly)?|exact(?:ly)?|scientific|expert(?:-level)?|sophisticated|advanced|academic"
        r"|scholarly|rigorous",
        r"simple|simplistic|basic|imprecise|childish|dumbed[- ]down|elementary|popular|inexact|fuzzy",
        "precise",
        "precisely",
        "Be precise and use the technical terms.",
        r"simple|simply|plain",
        "technical",
    ),
    Manner(
        "encouraging",
        r"encourag\w+|supportive|motivat\w+|empath\w+|compassionate|caring|understanding|reassuring|sympathetic",
        r"discouraging|critical|negative|judg(?:e?)mental|unsympathetic|insensitive|demanding|preachy|condescending"
        r"|patronizing",
        "encouraging",
        "encouragingly",
        "Be encouraging and supportive.",
        r"critical|judgmental",
        "encouraging",
    ),
    Manner(
        "direct",
        r"direct(?:ly|er)?|blunt(?:er|ly)?|frank(?:er|ly)?|straightforward|honest(?:er|ly)?|assertive"
        r"|confident(?:ly)?|firm(?:er|ly)?"
        r"|strict(?:er|ly)?|decisive|stern(?:er)?|tough(?:er)?",
        r"hesitant|evasive|vague|wishy-?washy|apologetic|timid|soft|shy|unsure|lenient|indirect|cautious|careful"
        r"|flattering|servile|nice",
        "direct",
        "directly",
        "Be direct and clear.",
        r"hesitant|cautious|vague",
        "direct",
    ),
    Manner(
        "modest",
        r"modest(?:ly)?|humble|reserved|restrained|understated|subtle|discreet",
        r"arrogant|smug|know-?it-?all|pushy|salesy|cocky|boastful|over-?confident|self-important|pretentious"
        r"|gushing|cloying|effusive"
        r"|enthusiastic|cheerful|bubbly|upbeat|friendly|sweet|sugary|syrupy",
        "reserved",
        "with restraint",
        "Keep a modest, restrained tone.",
        r"boastful|effusive|gushing",
        "modest",
    ),
    Manner(
        "poetic",
        r"poetic(?:ally)?|lyrical|literary|flowery|dramatic(?:ally)?|romantic|mysterious|old-fashioned|theatrical",
        r"prosaic|unpoetic",
        "poetic",
        "poetically",
        "Speak in a poetic way.",
        r"plain|sober",
        "poetic",
    ),
)
