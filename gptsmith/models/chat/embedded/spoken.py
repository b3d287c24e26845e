"""The fixed phrases of the embedded model's replies in the languages that its readers speak."""

from __future__ import annotations

from gptsmith.models.chat.embedded.replies import NEAREST, SILENT, WHAT_PICTURE, WHICH_PICTURE
from gptsmith.models.chat.embedded.tasks.chatting import REMARK

_PHRASES = {
    f"{SILENT}.": {
        "de": "Ich habe nachgesehen, aber in den Dateien steht es nicht.",
        "es": "He mirado, pero los archivos no lo dicen.",
        "fr": "J'ai regardé, mais les fichiers ne le disent pas.",
    },
    NEAREST: {
        "de": "Ich habe nachgesehen, aber in den Dateien steht es nicht deutlich. Am nächsten kommt:",
        "es": "He mirado, pero los archivos no lo dicen con claridad. Lo más cercano:",
        "fr": "J'ai regardé, mais les fichiers ne le disent pas clairement. Le plus proche :",
    },
    WHICH_PICTURE: {
        "de": "Welches Bild ist gemeint? Bitte häng es an.",
        "es": "¿Qué imagen es? Adjúntala, por favor.",
        "fr": "De quelle image s'agit-il ? Joins-la, s'il te plaît.",
    },
    WHAT_PICTURE: {
        "de": "Was soll auf dem Bild zu sehen sein?",
        "es": "¿Qué debe mostrar la imagen?",
        "fr": "Que doit montrer l'image ?",
    },
    REMARK: {
        "de": "Diese Antworten schreibt ein kleines Sprachmodell auf diesem Rechner; es kann sich irren.",
        "es": "Estas respuestas las escribe un pequeño modelo de lenguaje en este ordenador; puede equivocarse.",
        "fr": "Ces réponses sont écrites par un petit modèle de langue sur cet ordinateur ; il peut se tromper.",
    },
}


def spoken(text: str, code: str) -> str:
    """Return a reply with the fixed phrase that it begins with in the language `code`, as far as there is one."""
    for phrase, others in _PHRASES.items():
        if code in others and text.startswith(phrase):
            return others[code] + text[len(phrase) :]
    return text
