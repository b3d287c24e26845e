"""Chat models by name: which one runs, and how it is made."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gptsmith.assistants.format.providers import is_own
from gptsmith.assistants.format.providers import provider as provider_row
from gptsmith.assistants.format.spec import ModelSpec, split_model
from gptsmith.errors import NotReadyError, UsageError
from gptsmith.models.chat.providers import connection, host_of, label, leaves_machine, read_settings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from gptsmith.models.chat.attempts import Member
    from gptsmith.models.chat.limits import Deadlines

__all__ = ["AllowHosted", "choose_model", "fallback_hosts", "leaves_machine", "make_chat_model"]

DEFAULT_OPENAI = "openai:gpt-4o-mini"
AllowHosted = bool | Callable[[str], bool]


def choose_model(spec_model: ModelSpec | None, override: str | ModelSpec | None = None) -> ModelSpec:
    """Return the model that runs: keyword or flag, else the file's, else `GPTSMITH_MODEL`, else the one chosen for all.

    After those OpenAI when `OPENAI_API_KEY` is set, and `embedded`. The environment and the choice give defaults only
    and never override a file. Raises NotReadyError when the choice cannot be read.
    """
    if isinstance(override, ModelSpec):
        return override
    if override:
        return _named(override, "the model")
    if spec_model is None:
        return _default()
    if spec_model.provider:
        return spec_model
    # settings alone, such as a temperature: they go to whichever model is the default
    settings = {field: getattr(spec_model, field) for field in spec_model.model_fields_set - {"provider", "name"}}
    return _default().model_copy(update=settings)


def _default() -> ModelSpec:
    if chosen := os.environ.get("GPTSMITH_MODEL"):
        return _named(chosen, "GPTSMITH_MODEL")
    if (chosen_for_all := read_settings().model) is not None:
        return chosen_for_all
    if os.environ.get("OPENAI_API_KEY"):
        return _named(DEFAULT_OPENAI, "the default model")
    return ModelSpec(provider="embedded")


def make_chat_model(
    spec: ModelSpec,
    *,
    allow_hosted: AllowHosted = False,
    deadlines: Deadlines | None = None,
    base_dir: Path | None = None,
    trust: bool = False,
) -> BaseChatModel:
    """Make the chat model of `spec`, its fallbacks behind it.

    `allow_hosted` is asked with a host before a fallback sends text from a model on this machine to that host; without
    it such a fallback is an error that says so. `base_dir` is the spec's folder, against which a model folder resolves;
    one that leaves it needs `trust`.

    Raises NotReadyError (`missing_variable`, `missing_package`, `missing_model`, `missing_weights`, `trust_required`)
    and UsageError for a setting that the provider does not take. Answers raise ProviderError only.
    """
    if not spec.fallback and _does_small_tasks(spec, base_dir, trust):
        return _local(spec, base_dir, trust, deadlines)
    from gptsmith.models.chat.guarded import GuardedChatModel
    from gptsmith.models.chat.limits import PATIENT, Deadlines

    limits = deadlines or (PATIENT if spec.provider in ("huggingface", "local") and not spec.fallback else Deadlines())
    specs = [spec, *(_named(name, "model.fallback") for name in spec.fallback)]
    members = [_member(s, limits, base_dir, trust) for s in specs]
    first = members[0].model()  # made now: what is not ready is said before a turn begins
    profile = first.profile
    if num_ctx := getattr(first, "num_ctx", None):  # Ollama drops the beginning of what is longer, without a word
        profile = {**(profile or {}), "max_input_tokens": num_ctx}
    return GuardedChatModel(members=members, deadlines=limits, allow_hosted=allow_hosted, profile=profile)


def fallback_hosts(spec: ModelSpec) -> list[str]:
    """Return the hosts to which fallbacks would send a conversation that stays on this machine otherwise."""
    if leaves_machine(spec) is not None:
        return []
    hosts = [leaves_machine(_named(name, "model.fallback")) for name in spec.fallback]
    return list(dict.fromkeys(host for host in hosts if host is not None))


def _named(text: str, where: str) -> ModelSpec:
    parts: dict[str, Any] = split_model(text.strip())
    if not parts["provider"]:
        raise UsageError(f'{where} "{text}" names no provider', hint=f"write provider:name, e.g. {DEFAULT_OPENAI}")
    return ModelSpec(**parts)


def _does_small_tasks(spec: ModelSpec, base_dir: Path | None, trust: bool) -> bool:
    """Tell whether code decides and the model only writes: `embedded`, and what is small of this machine's own."""
    if spec.provider != "local":
        return spec.provider == "embedded"
    from gptsmith.models.chat.local.chat_model import find_local_model

    return not find_local_model(spec, base_dir=base_dir, trust=trust).whole


def _local(spec: ModelSpec, base_dir: Path | None, trust: bool, deadlines: Deadlines | None) -> BaseChatModel:
    if spec.provider in ("embedded", "local"):
        from gptsmith.models.chat.embedded import EmbeddedChatModel
        from gptsmith.models.chat.limits import Deadlines
        from gptsmith.models.chat.local.chat_model import find_local_model, make_local_model

        if spec.provider == "embedded":
            return EmbeddedChatModel()
        found = find_local_model(spec, base_dir=base_dir, trust=trust)
        if found.whole:
            return make_local_model(spec, found, deadlines or Deadlines())
        return EmbeddedChatModel(model_name=found.name, mind=found)
    from gptsmith.models.chat.local.huggingface import load_huggingface

    return load_huggingface(spec, base_dir=base_dir, trust=trust)


def _member(spec: ModelSpec, deadlines: Deadlines, base_dir: Path | None, trust: bool) -> Member:
    from gptsmith.models.chat.attempts import Member
    from gptsmith.models.chat.failures import Contact
    from gptsmith.models.chat.hosted import make_provider_model
    from gptsmith.models.chat.thinking import Habit

    if is_own(spec.provider):
        local = spec.provider == "local"
        habit = Habit(spec.name, wary=spec.provider != "embedded", loops=local, constrained=local)
        return Member(Contact(label(spec)), lambda: _local(spec, base_dir, trust, deadlines), habit=habit)
    provider = provider_row(spec.provider)
    hosted = None
    try:
        hosted = leaves_machine(spec)
        line = connection(spec)
    except NotReadyError as error:
        # a fallback that lacks its key is only an error when it is needed
        return Member(Contact(label(spec)), _not_ready(error), hosted=hosted)
    contact = Contact(
        label=label(spec),
        host=host_of(line.url or provider.url),
        variable=line.variable,
        start=provider.start,
        secrets=(line.key,) if line.key else (),
    )
    # a provider's own service parts the thinking itself; a server of one's own may leave it in the text
    habit = Habit(spec.name, wary=not line.own or provider.thinks_aloud)
    return Member(contact, lambda: make_provider_model(spec, line, deadlines), hosted=hosted, habit=habit)


def _not_ready(error: NotReadyError) -> Callable[[], BaseChatModel]:
    def raise_it() -> BaseChatModel:
        raise error

    return raise_it
