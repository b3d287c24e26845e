"""One file per kind of document that can be read; each says what it is in its `KIND`."""
