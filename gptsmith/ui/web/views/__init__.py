"""The pages: each reads the state and draws."""
