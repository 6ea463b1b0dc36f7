"""The desk at work: configuration, words, cards and forms, the router for what is heard, the relay for what is owed."""
