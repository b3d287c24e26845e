"""Changes of an assistant that is there: asked of a model, judged by code, shown, applied, undone."""

from gptsmith.agent.builder.changes.change import Change
from gptsmith.agent.builder.changes.proposal import RuleAtRisk, Suggestion

__all__ = ["Change", "RuleAtRisk", "Suggestion"]
