"""Releasing, fetching, submitting, collecting, giving feedback: the rules, the store, and both ends of the wire."""
