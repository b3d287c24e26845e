"""Reading files: bytes to text, in a child process that may be killed."""
