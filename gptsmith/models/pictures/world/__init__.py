"""The words of a small world whose every picture has a known truth: its things, scenes, captions and requests."""
