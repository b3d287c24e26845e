"""From a short request to the caption that is drawn: written by a language model, checked by code."""
