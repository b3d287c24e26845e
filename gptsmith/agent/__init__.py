"""Assistants that run, and the builder that makes them."""
