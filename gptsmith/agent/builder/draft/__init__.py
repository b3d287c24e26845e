"""A new assistant: proposed by a model, guarded by code, from a description or from a conversation."""
