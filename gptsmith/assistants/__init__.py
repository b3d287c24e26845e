"""Assistants as files: the format of a spec, the editing of its text, and the folders in which specs are kept."""
