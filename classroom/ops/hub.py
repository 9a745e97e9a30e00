"""The two classes that the hub of the embedded class is configured with."""

import asyncio
from pathlib import Path
from typing import Any

import psutil
from jupyterhub.auth import Authenticator
from jupyterhub.spawner import SimpleLocalProcessSpawner
from traitlets import Unicode

from classroom.ops.accounts import Account, group_of, load_accounts, load_groups, verify
from classroom.ops.instance import MARK


class AccountsAuthenticator(Authenticator):
    """Signs in who is in the accounts file, and keeps everybody's groups: the roster's, else the account's own.

    Both files are read again at each sign-in and every `auth_refresh_age` seconds of use: a new account, another role,
    a closed account and a roster need no restart. (The hub's own `load_groups` only ever adds members.)
    """

    accounts = Unicode(help="Path of accounts.json.").tag(config=True)
    groups = Unicode(help="Path of groups.json, which an import of the roster writes.").tag(config=True)
    course = Unicode(help="Id of the course, the first part of the groups' names.").tag(config=True)

    async def authenticate(self, handler: Any, data: dict[str, str]) -> dict[str, Any] | None:
        """The hub's model of the account, or None. The hash takes 0.2 s, so it runs beside the event loop."""
        account = self._accounts().get(data["username"])
        right = await asyncio.to_thread(verify, account, data["password"])
        return self._model(account) if account and right else None

    async def refresh_user(self, user: Any, handler: Any = None, **options: Any) -> dict[str, Any] | bool:
        """Called by the hub now and then. A closed account loses its groups at once, and has to sign in again."""
        account = self._accounts().get(user.name)
        if account is None:
            user.sync_groups([])
            return False
        return self._model(account)

    def _accounts(self) -> dict[str, Account]:
        return load_accounts(Path(self.accounts))

    def _model(self, account: Account) -> dict[str, Any]:
        listed = load_groups(Path(self.groups)).get(account.name)
        return {"name": account.name, "groups": [group_of(self.course, account)] if listed is None else listed}


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
