"""The builder: a description and files become a new spec, reviewed before it is saved."""

from gptsmith.agent.builder.builder import Builder, BuiltDraft

__all__ = ["Builder", "BuiltDraft"]
