"""Chat models: made by name, held to deadlines, asked through LangChain."""
