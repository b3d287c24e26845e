"""What a person wants an assistant to reach (services, servers, code, the web, memory), read from words and files."""
