"""What a drawing goes through: the words, the queue, the model, the store."""
