"""Running a class: one machine, one command."""
