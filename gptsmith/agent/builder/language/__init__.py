"""What the builder and its model say to each other: requests, answers, and a person's description taken apart."""
