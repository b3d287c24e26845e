"""Set phrases in the languages that the composer knows no grammar of: enough to frame the person's own words."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Tongue:
    """One language's phrases; `{name}` and `{text}` are filled in."""

    role: str
    described: str
    language: str
    clarify: str
    tone: str
    welcome: str
    starters: tuple[str, ...]
    who: str
    introduce: str


TONGUES = {
    "en": Tongue(
        "You are {name}.",
        "This is how you were described: “{text}”",
        "Answer in the language of the user's message.",
        "When a request leaves open what the answer depends on, ask one short question first.",
        "Plain and friendly.",
        "Hello, this is {name}.",
        ("I am new to this. Where do I start?", "Give me a short example first.", "Which details do I need to give?"),
        "What is your name?",
        "Introduce yourself, please.",
    ),
    "de": Tongue(
        "Du bist „{name}“.",
        "So wurdest du beschrieben: „{text}“",
        "Antworte in der Sprache der Nachricht.",
        "Wenn offen ist, wovon die Antwort abhängt, stelle zuerst eine kurze Frage.",
        "Schlicht und freundlich.",
        "Hallo, hier ist „{name}“. Womit fangen wir an?",
        (
            "Ich bin neu hier. Womit fange ich an?",
            "Gib mir zuerst ein kurzes Beispiel.",
            "Welche Angaben werden gebraucht?",
        ),
        "Wie heißt du?",
        "Stell dich bitte vor.",
    ),
    "es": Tongue(
        "Eres «{name}».",
        "Así te han descrito: «{text}»",
        "Responde en el idioma del mensaje.",
        "Si falta algo de lo que depende la respuesta, haz primero una pregunta breve.",
        "Sencillo y amable.",
        "Hola, aquí «{name}». ¿Con qué empezamos?",
        ("Soy nuevo en esto. ¿Por dónde empiezo?", "Dame primero un ejemplo corto.", "¿Qué datos hacen falta?"),
        "¿Cómo te llamas?",
        "Preséntate, por favor.",
    ),
    "fr": Tongue(
        "Tu es « {name} ».",
        "Voici comment on t'a décrit : « {text} »",
        "Réponds dans la langue du message.",
        "Quand il manque ce dont la réponse dépend, pose d'abord une courte question.",
        "Simple et aimable.",
        "Bonjour, ici « {name} ». Par quoi commençons-nous ?",
        ("Je débute. Par où commencer ?", "Donne-moi d'abord un court exemple.", "Quelles précisions faut-il ?"),
        "Comment t'appelles-tu ?",
        "Présente-toi, s'il te plaît.",
    ),
    "it": Tongue(
        "Sei «{name}».",
        "Così sei stato descritto: «{text}»",
        "Rispondi nella lingua del messaggio.",
        "Se manca ciò da cui dipende la risposta, fai prima una breve domanda.",
        "Semplice e gentile.",
        "Ciao, qui è «{name}». Da dove cominciamo?",
        ("Sono alle prime armi. Da dove comincio?", "Dammi prima un breve esempio.", "Quali dettagli servono?"),
        "Come ti chiami?",
        "Presentati, per favore.",
    ),
    "pt": Tongue(
        "És «{name}».",
        "Foi assim que te descreveram: «{text}»",
        "Responde na língua da mensagem.",
        "Quando falta aquilo de que a resposta depende, faz primeiro uma pergunta curta.",
        "Simples e simpático.",
        "Olá, aqui é «{name}». Por onde começamos?",
        ("Sou novo nisto. Por onde começo?", "Dá-me primeiro um exemplo curto.", "Que dados são precisos?"),
        "Como te chamas?",
        "Apresenta-te, por favor.",
    ),
    "nl": Tongue(
        "Je bent ‘{name}’.",
        "Zo ben je beschreven: ‘{text}’",
        "Antwoord in de taal van het bericht.",
        "Als niet duidelijk is waar het antwoord van afhangt, stel dan eerst één korte vraag.",
        "Eenvoudig en vriendelijk.",
        "Hallo, dit is ‘{name}’. Waar beginnen we mee?",
        ("Ik ben hier nieuw. Waar begin ik?", "Geef me eerst een kort voorbeeld.", "Welke gegevens zijn nodig?"),
        "Hoe heet je?",
        "Stel je even voor.",
    ),
}


# What a description calls for: tools, knowledge, things that are not there, and a temperature.

_PICTURE = (
    r"(?:pictures?|images?|illustrations?|drawings?|sketch(?:es)?|paintings?|logos?|posters?|portraits?|comics?"
    r"|panels?"
    r"|stickers?|icons?|wallpapers?|artworks?|visuals?|designs?|cards?|scenes?|cartoons?|caricatures?|mandalas?"
    r"|photographs?)"
)
_DRAW_VERB = (
    r"(?<!the )(?<!my )(?<!each )(?:draws?|sketch(?:es)?|paints?|illustrates?|doodles?|scribbles?"
    r"|(?:drawing|painting|sketching|illustrating)(?= (?:an?|the|my|it|them|each|every|pictures?|what|from)\b))"
)
_MAKE_VERB = r"(?:generat\w*|creat\w*|mak(?:e|es|ing)|produc\w*|render\w*|turn\w*|convert\w*)"
_TRAPS = re.compile(
    r"\bdraw(?:s|ing)?\b[^.;,]{0,30}\b(?:conclusions?|attention|comparisons?|parallels?|lessons?|inspiration"
    r"|inferences?|line between)\b|\bdraw(?:s|ing)? (?:on|upon|from|up|in|out|people|audiences?)\b"
    r"|\bpaint(?:s|ing)? (?:an? )?(?:\w+ )?picture of\b"
    r"|\b(?:ascii|svg|html|css|canvas|latex|mermaid|excel|prompts?|code)\b[^.;]{0,60}|\b(?:the )?big picture\b"
    r"|\bdrawing(?: tools?| on| from| app)\b|\b(?:image|photo|picture) (?:editor|prompts?|descriptions? for"
    r"|export\w*)\b",
    re.IGNORECASE,
)
_SCRIBBLER = re.compile(
    r"\b(?:logo|poster|comic|picture|image|cartoon|sticker|icon|portrait|card)s? (?:maker|scribbler|artist"
    r"|generator|creator|painter)s?\b"
    r"|\billustrator\b|\bsketch artist\b|\bimage creator\b",
    re.IGNORECASE,
)
_DRAW = re.compile(
    rf"\b{_DRAW_VERB}\b(?! from| of mine| that i| follows?)|\bget an? (?:\w+ )?(?:sketch|drawing|picture"
    rf"|illustration)\b"
    rf"|\b{_MAKE_VERB}\b(?: (?!prompt)[\w-]+,?){{0,5}} (?:pictures?|images?|illustrations?|paintings?"
    rf"|portraits?|posters?"
    rf"|stickers?|cartoons?|artworks?|storyboards?|picture books?|colou?ring (?:pages?|books?|sheets?)|collages?"
    rf"|avatars?|memes?)\b",
    re.IGNORECASE,
)
_MY_DRAWING = re.compile(
    rf"\b(?:my|their|the|a|your|child's|uploaded) (?:\w+ )?{_DRAW_VERB}\b(?=\s+(?:follows|is|looks|shows|that"
    rf"|and)|[,.;])",
    re.IGNORECASE,
)
_SHOT = r"(?:photos?|photographs?|pictures?|images?|screenshots?|snapshots?|selfies?|snaps?|scans? of (?:an?|the) \w+)"
_LOOK = re.compile(
    rf"\b(?:send|upload|share|show|take|give|attach|post|paste|photograph)\w*\b[^.;:]{{0,40}}\b{_SHOT}\b"
    rf"|\bphotographs? (?:them|it|with)\b"
    rf"|\b(?:they|i|users?|visitors?|people|customers?) (?:\w+ )?photograph\b"
    rf"|\b(?:turns?|from|us(?:es?|ing)|given|based on|starts? (?:with|from)) (?:an?|any|each|every|my|their|your)"
    rf" (?:\w+ )?{_SHOT}\b"
    rf"|\b(?:look\w*|see\w*|describ\w+|read\w*|caption\w*|check\w*|analy[sz]\w+|recogni[sz]\w+|identif\w+"
    rf"|comment\w*)\b(?: \w+){{0,3}}"
    rf" (?:(?:a|the|an|my|their|your|each|uploaded|from|of|on|in) ){{0,3}}(?:\w+ )?{_SHOT}\b"
    rf"|\buploaded (?:\w+ )?{_SHOT}\b"
    rf"|\bwhat (?:is|can be seen|it sees) (?:in|on) (?:the|a|my) {_SHOT}\b|\balt[- ]texts?\b",
    re.IGNORECASE,
)
_SORT = re.compile(
    rf"\b(?:classif\w+|sort\w*|label\w*|tag\w*|recogni[sz]\w+ which)\b[^.;]{{0,40}}\b{_SHOT}\b|\b(?:names?"
    rf"|tells?|identif\w+|recogni[sz]\w+)\b"
    rf"[^.;]{{0,30}}\bwhich (?:of|kind|breed|species|sort)\b[^.;]{{0,40}}\b{_SHOT}\b",
    re.IGNORECASE,
)
_PHOTO_STYLE = re.compile(
    r"^\W*(?:an?|the|one|single)?\s*(?:\w+[ -]){0,4}?(?:photograph|portrait|painting|illustration|render|photo"
    r"|scene|poster)\b"
    r"|\b(?:photorealis\w+|cinematic|8k|4k|street level view|depth of field|octane|studio lighting|ultra[- ]detailed"
    r"|floating in|in the style of|bokeh|golden hour|close-?up)\b",
    re.IGNORECASE,
)

_SPEAKS = re.compile(
    rf"\\b{_PICTURE}\\b|\\b(?:draw|paint|sketch|illustrat|visual|doodle|scribbl|colou?r|art(?:work|ist)?\\b|logo|design"
    r"|look(?:s)? like|zeichn|mal(?:t|en)\\b|bild|dessin|dibuj|pint)",
    re.IGNORECASE,
)

_DOCUMENT = (
    r"(?:spreadsheets?|handbooks?|manuals?|pdfs?|documents?|files?|folders?|minutes|catalogues?|catalogs?"
    r"|cookbooks?|scans"
    r"|databases?|wiki|policies|price lists?|menus?|archives?|brochures?|datasheets?|worksheets?|slides|transcripts?"
    r"|protocols|regulations|statutes|leaflets?|word files|excel (?:sheet|file)s?|csvs?|knowledge base|faqs?"
    r"|textbooks?"
    r"|guidebooks?|lecture notes|notes folder|court decisions|contracts|rule ?books?|product sheets?"
    r"|recipes collection)"
)
_OWNED = re.compile(
    rf"\b(?:our|my|the company['’]s|their|his|her|the attached|attached|this|these"
    rf")\s+(?:[\w'’-]+\s+){{0,3}}?{_DOCUMENT}\b"
    rf"|\b{_DOCUMENT}\b[^.;]{{0,25}}\b(?:i|we)(?:['’]ll| will| shall| can| am going to)? (?:upload|attach|send"
    rf"|provide|add|give)\b"
    rf"|\b(?:i|we)(?:['’]ll| will| can)? (?:upload|attach|add)\b[^.;]{{0,25}}\b{_DOCUMENT}\b"
    rf"|\b(?:folder|collection|pile|set|stack|shelf|box) (?:of|with) (?:[\w'’-]+ ){{0,3}}?(?:files?|documents?"
    rf"|pdfs?|papers?|notes|{_DOCUMENT})\b"
    rf"|\b(?:answers?|answering)(?: \w+){{0,2}} (?:only |strictly )?(?:from|out of) (?:our|my)"
    rf" (?!experience|view|side|point)(?:[\w'’-]+ ?){{1,4}}?(?=\s(?:and|or|with|that|which|to|when)\b|[.,;]|$)"
    rf"|\b(?:answers?|answering|quotes?|cites?|works?|based|relying|draws?) (?:only |strictly "
    rf"|questions )?(?:from|on|out of) (?:the|our|my) (?:[\w'’-]+ ){{0,2}}?{_DOCUMENT}\b"
    rf"|\b(?:answers?|information|details|facts|everything|it)\b (?:is|are|stands?|comes?)(?: \w+)? (?:in|from)"
    rf" (?:the|our|my) (?:[\w'’-]+ ){{0,2}}?{_DOCUMENT}\b",
    re.IGNORECASE,
)
_PROMISED = re.compile(
    r"\b(?:our|my|the|some|all) (?:[\w'’-]+ ){0,3}[\w'’-]+,? (?:which |that )?"
    r"(?:i|we)(?:['’]ll| will| am going to| can)?"
    r" (?:upload|attach)\b",
    re.IGNORECASE,
)
_PASTED = re.compile(r"\b(?:i|we|they|users?) (?:\w+ )?(?:paste|type|write|dictate)\b", re.IGNORECASE)
_OWN_WORK = re.compile(
    r"\b(?:create|write|draft|generate|build|design|develop|prepare)\w* (?:an?|the|my|our)? ?(?:[\w'’-]+ ){0,2}$",
    re.IGNORECASE,
)

_ABSENT: dict[str, re.Pattern[str]] = {
    "email": re.compile(
        r"\bsends?\b[^.;]{0,30}\be-?mails?\b|\b(?:reads?|check\w*|sort\w*|answer\w*|watch\w*|goes through"
        r"|go through)\b[^.;]{0,25}"
        r"\b(?:inbox|mailbox|e-?mails|mails)\b|\be-?mails? (?:me|us|them|it|the)\b|\bmy inbox\b", re.IGNORECASE),
    "calendar": re.compile(
        r"\b(?:my|our|the|their|google|outlook|shared) calendars?\b(?! (?:year|month))"
        r"|\bbooks?\b[^.;]{0,20}\b(?:meetings?|appointments?|tables?|rooms?)\b",
        re.IGNORECASE),
    "web search": re.compile(
        r"\b(?:search\w*|looks?(?: \w+)? up|brows\w+|googles?|checks?)\b[^.;]{0,30}\b(?:web|internet|online|google)\b"
        r"|\bweb[ -]?search\b|\b(?:internet|web) (?:access|search)\b|\baccess to the (?:web|internet)\b"
        r"|\b(?:uses?|surfs?) the (?:web|internet)\b"
        r"|\b(?:gets?|fetch\w*|check\w*|looks? up|watch\w*) (?:the |a )?(?:\w+ )?(?:weather|news|forecasts?|traffic"
        r"|timetables?|exchange rates?|stock prices?)\b"
        r"|\b(?:latest|current|today['’]s|breaking)"
        r" (?:\w+ )?(?:news|prices|weather|headlines|scores|exchange rates)\b|\breal[- ]time (?:data|prices"
        r"|news|information|traffic)\b|\blive (?:data|prices|scores)\b",
        re.IGNORECASE),
    "bookings": re.compile(
        r"\b(?:books?|reserves?)\b[^.;]{0,20}\b(?:flights?|hotels?|tickets?|trips?|trains?|taxis?)\b",
        re.IGNORECASE),
    "reminders": re.compile(r"\b(?:reminds?|notif(?:y|ies)|alerts?) (?:me|us|them|users)\b(?! of\b)", re.IGNORECASE),
    "messaging": re.compile(r"\b(?:texts?|messages?|phones? up|whatsapps?) (?:me|us|them|everyone|everybody|people"
        r"|members|all (?:the )?\w+)\b(?= when|\W*$)"
        r"|\b(?:posts?|sends?)\b[^.;]{0,30}\b(?:slack|whatsapp|telegram|teams channel"
        r"|discord channel|sms|text message)\b", re.IGNORECASE),
    "ticket system": re.compile(
        r"\b(?:opens?|creates?|files?|closes?)\b[^.;]{0,15}\b(?:tickets?|issues? in (?:jira|github))\b", re.IGNORECASE
    ),
    "running code": re.compile(r"\b(?:runs?|executes?) (?:the |my |python |their )?(?:[\w'’]+ )?(?:code|scripts?"
        r"|tests)\b", re.IGNORECASE),
    "payments or orders": re.compile(r"\b(?:takes?|process\w*|charges?)\b[^.;]{0,15}\bpayments?\b|\b(?:places?"
        r"|cancels?) (?:the |my |an? )?orders?\b", re.IGNORECASE),
    "voice": re.compile(r"\b(?:speaks?|reads?) (?:it |them |the answers? )?(?:aloud|out loud) to (?:me|them"
        r"|users)\b|\bplays?\b[^.;]{0,20}\b(?:music|songs?|sounds?|audio|videos?)\b(?! quiz)"
        r"|\b(?:phones?|rings?(?: up)?|telephones?) (?:the|my|our|me|them|people|customers)\b"
        r"|\bphone calls?\b[^.;]{0,15}\b(?:makes?|answers?)\b", re.IGNORECASE),
}  # fmt: skip

_ANSWERED_FROM = re.compile(  # a calendar that is read, as a file, needs no tool
    r"\b(?:answers?|answering|quotes?|cites?|works?|based|relying)(?: \w+){0,2} (?:from|on|out of) [^.;,]{0,30}?"
    r"\bcalendars?\b",
    re.IGNORECASE,
)
_PRECISE = re.compile(
    r"\b(precise|precision|accurate|exact(?!ly)|factual|low temperature|deterministic|no creativity|sober|rigorous"
    r"|präzise|genau|preciso|précis|exakt)\b",
    re.IGNORECASE,
)
_CREATIVE = re.compile(
    r"\b(playful|creative|imaginative|whimsical|silly|high temperature|wild ideas|surprising|surreal|funny|inventive"
    r"|verspielt|kreativ|creativo|créatif)\b",
    re.IGNORECASE,
)

_DENIED = re.compile(
    r"(?:\b(?:never|not|no|nothing|nobody|without|neither|avoid|instead of|rather than|less|too|nicht|nie|kein\w*)\b"
    r"|n['’]t\b)[^.;:!?]*",
    re.IGNORECASE,
)


def tool_types(text: str) -> list[str]:
    """Return the picture tools that `text` calls for: drawing, describing, sorting into kinds."""
    clean = _TRAPS.sub(" ", text)
    found = []
    drawing = _MY_DRAWING.sub(" ", clean)
    if _DRAW.search(drawing) or _SCRIBBLER.search(drawing) or is_picture_prompt(text):
        found.append("image_generation")
    if _LOOK.search(clean):
        found.append("image_captioning")
    if _SORT.search(clean):
        found.append("image_recognition")
    return found


def is_picture_prompt(text: str) -> bool:
    """Say whether the whole text describes one picture to be drawn, and no assistant at all."""
    asks = re.search(r"\b(?:you|your|act as|assistant|bot|helps?|user|i|it|me|my)\b", text, re.IGNORECASE)
    return (
        not asks
        and len(_PHOTO_STYLE.findall(text)) >= 1
        and not re.match(r"^\W*(?:write|create|build|develop|list|explain)\b", text, re.IGNORECASE)
    )


def knowledge(text: str) -> list[str]:
    """Return the phrases of `text` that name documents of the person's own, such as `our cellar spreadsheet`."""
    found = []
    for match in [*_OWNED.finditer(text), *_PROMISED.finditer(text)]:
        if re.search(rf"\b{_SHOT}\b", match.group(0), re.IGNORECASE):
            continue
        clause = re.split(r"[.;:]", text[: match.start()])[-1]
        if _PASTED.search(clause) or _OWN_WORK.search(clause) or _PASTED.search(text[match.start() : match.end() + 10]):
            continue
        found.append(" ".join(match.group(0).split()))
    return list(dict.fromkeys(found))


def absent(text: str) -> list[str]:
    """Return the kinds of tool that `text` calls for and that gptsmith does not have."""
    said = _ANSWERED_FROM.sub(" ", text)
    return [kind for kind, pattern in _ABSENT.items() if pattern.search(said)]


def temperature(text: str) -> float | None:
    """Return .1 for words such as precise, .9 for words such as playful or creative, None for neither or both."""
    said = _DENIED.sub(" ", text)
    precise, creative = bool(_PRECISE.search(said)), bool(_CREATIVE.search(said))
    return None if precise == creative else (0.1 if precise else 0.9)


def speaks_of_pictures(text: str) -> bool:
    """Say whether a word of `text` is of the making or the look of pictures, whatever is said of it."""
    return bool(_SPEAKS.search(text))
