"""A turn: from the message of a person to the reply, with everything that is kept of it."""
