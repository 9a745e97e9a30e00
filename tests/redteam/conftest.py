"""How many examples the fuzzing takes: few in `make test`, many with `--hypothesis-profile=long`."""

from hypothesis import settings

settings.register_profile("long", max_examples=20_000, database=None)
