"""The two classes that the hub of the embedded class is configured with."""

import asyncio
from pathlib import Path
from typing import Any

import psutil
from jupyterhub.auth import Authenticator
from jupyterhub.spawner import SimpleLocalProcessSpawner
from traitlets import Unicode

from classroom.ops.accounts import load_accounts, verify
from classroom.ops.instance import MARK


class AccountsAuthenticator(Authenticator):
    """Signs in who is in the accounts file. The file is read at each sign-in, so a new account needs no restart."""

    accounts = Unicode(help="Path of accounts.json.").tag(config=True)

    async def authenticate(self, handler: Any, data: dict[str, str]) -> str | None:
        """The account's name, or None. The hash takes 0.2 s, so it runs beside the event loop."""
        account = load_accounts(Path(self.accounts)).get(data["username"])
        right = await asyncio.to_thread(verify, account, data["password"])
        return account.name if account and right else None


class HomeSpawner(SimpleLocalProcessSpawner):
    """A server per person in this machine's own processes: they are not separated from one another."""

    mark = Unicode(help="The class's mark; a remembered process without it is somebody else's.").tag(config=True)
    pid: int
    logs = Unicode(help="Folder of the servers' logs.").tag(config=True)

    def load_state(self, state: dict[str, Any]) -> None:
        """Forget a pid that another process has got since the hub died: the hub would stop that one."""
        super().load_state(state)
        if self.pid and not self._is_ours(self.pid):
            self.pid = 0

    async def start(self) -> Any:
        Path(self.logs).mkdir(parents=True, exist_ok=True)
        with open(Path(self.logs) / f"{self.user.name}.log", "ab") as log:
            self.popen_kwargs = {"stdout": log, "stderr": log}
            return await super().start()

    def _is_ours(self, pid: int) -> bool:
        try:
            return psutil.Process(pid).environ().get(MARK) == self.mark
        except psutil.Error:
            return False
