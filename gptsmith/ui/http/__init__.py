"""The doors for other programs: OpenAI's API over HTTP, gptsmith's own events beside it, MCP."""
