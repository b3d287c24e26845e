"""How the picture models that gptsmith ships were trained, and how to train them again; needs the emoji font."""
