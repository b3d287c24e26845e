"""Drafts and changes composed on this machine: by a local model's small tasks, and by deciders that have to agree."""
