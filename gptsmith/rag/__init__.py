"""Knowledge: files are read, cut, embedded and stored; a question finds its passages."""
