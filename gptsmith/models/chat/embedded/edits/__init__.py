"""Commands that change an assistant, read by deciders that have to agree."""

from gptsmith.models.chat.embedded.edits.reading import compose_changes as compose_changes
