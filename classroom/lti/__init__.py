"""Scores for a learning management system, by LTI Advantage; off unless the state folder has an lti.json."""
