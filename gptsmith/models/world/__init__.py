"""A small world whose every picture has a known truth: objects, scenes, their pictures, captions and requests."""
