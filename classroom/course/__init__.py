"""The course's own files: what they must hold, and the proof that they do."""
