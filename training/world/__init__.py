"""The pictures of the small world: its things drawn, placed, checked, and paired with captions."""
