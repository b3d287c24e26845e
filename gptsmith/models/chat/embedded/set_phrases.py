"""Set phrases in the languages that the composer knows no grammar of: enough to frame the person's own words."""

from __future__ import annotations

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
