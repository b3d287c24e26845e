"""Models: of language, of sentences, of pictures, and the shelf from which they come."""
