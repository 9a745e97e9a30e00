"""A spawner that starts nothing: every person's server is one small HTTP server of the bench.

So the hub and the proxy do all that they do for a spawn (tokens, rows, checks, routes), and no JupyterLab hides it.
"""

import os
from pathlib import Path
from typing import Any

from jupyterhub.spawner import Spawner
from traitlets import Unicode


class StubSpawner(Spawner):
    """Says where the bench listens, and leaves the server's token there, as an environment would."""

    address = Unicode(help="http://HOST:PORT of the bench's server.").tag(config=True)
    tokens = Unicode(help="Folder for a file a person with the server's token in it.").tag(config=True)

    async def start(self) -> str:
        path = Path(self.tokens) / self.user.name
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(self.api_token)
        return str(self.address)

    async def poll(self) -> Any:
        """None while it runs; the hub asks at its own start, too, when nothing was started yet."""
        return None if (Path(self.tokens) / self.user.name).exists() else 0

    async def stop(self, now: bool = False) -> None:
        (Path(self.tokens) / self.user.name).unlink(missing_ok=True)
