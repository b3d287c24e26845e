"""Pictures: models that draw, describe and recognize them, by name, and what each picture keeps about itself."""
