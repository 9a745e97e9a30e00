"""The judge: runs a submission against an instructor notebook. Imports nothing of the classroom."""
