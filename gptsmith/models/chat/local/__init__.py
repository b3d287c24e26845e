"""Language models that run on this machine, by llama.cpp in a process of their own.

`find_local_model` tells which file a spec means, `engine` keeps the process, `chat_model` speaks to it as to any
OpenAI-compatible server, `Writer` asks it for one short text at a time.
"""
