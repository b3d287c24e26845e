"""Commands that change an assistant, read by deciders that have to agree."""
