"""Python that runs in a child process: walls around it, limits, and its whole end."""
