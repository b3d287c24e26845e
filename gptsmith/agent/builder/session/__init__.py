"""A building session: an assistant made and changed by talking."""
