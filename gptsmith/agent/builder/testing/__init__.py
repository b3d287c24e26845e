"""The tests of a draft or of a change: made, proved to look at something, and tried before anybody decides."""
