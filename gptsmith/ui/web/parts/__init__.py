"""The parts that pages and tabs are drawn of."""
