"""The tabs of the workspace."""
