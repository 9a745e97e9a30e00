"""The hub of the embedded class: one machine, processes of one user, nobody separated from anybody.

`classroom up` writes the accounts, the secrets and the ports into the state folder, then starts the hub with this file.
Read from top to bottom it tells who is let in, what is started for them, and what they may do.
"""

import os
import sys
from pathlib import Path

from classroom.assignments import load_course
from classroom.config import OPERATOR_NAME, SERVICE_NAME, SERVICE_PREFIX, load_settings
from classroom.errors import SettingsError
from classroom.ops.doctor import proxy_command
from classroom.ops.hub import AccountsAuthenticator, HomeSpawner
from classroom.ops.instance import MARK, load_instance

c = get_config()  # noqa: F821 - traitlets hands it in

settings = load_settings()
instance = load_instance(settings.state)
if instance is None:
    raise SettingsError(f"{settings.state} holds no class; start it with: classroom up")
root, state = settings.course_root, settings.state
course = load_course(root).id
# nbgrader shells out to alembic, and a notebook to python: both must be this environment's.
path = os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"])

# --- Where things are -------------------------------------------------------------------------------------------------
c.JupyterHub.bind_url = f"{instance.public_url}/"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{instance.hub_port}"
c.JupyterHub.db_url = f"sqlite:///{state / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(settings.secrets / "hub_cookie_secret")
# npm's: PyPI's own drops the subprotocol of websockets.
c.ConfigurableHTTPProxy.command = proxy_command(root)
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{instance.proxy_api_port}"
c.ConfigurableHTTPProxy.pid_file = str(state / "proxy.pid")

# --- Who is let in ----------------------------------------------------------------------------------------------------
c.JupyterHub.authenticator_class = AccountsAuthenticator
c.AccountsAuthenticator.accounts = str(state / "accounts.json")
c.AccountsAuthenticator.groups = str(state / "groups.json")
c.AccountsAuthenticator.course = course
# The accounts file is the list of who is allowed; without this the hub (since 5) would let nobody in.
c.AccountsAuthenticator.allow_all = True
# The roster says who has which role and section, the accounts file for whom it does not list; both are looked at
# again at most so many seconds later.
c.AccountsAuthenticator.manage_groups = True
c.AccountsAuthenticator.auth_refresh_age = 30
# Everybody lands on the page that says what waits for them; JupyterLab is one click from there.
c.JupyterHub.default_url = f"{SERVICE_PREFIX}/"

# --- What is started for them -----------------------------------------------------------------------------------------
c.JupyterHub.spawner_class = HomeSpawner
c.HomeSpawner.home_dir_template = str(state / "homes" / "{username}")
c.HomeSpawner.mark = instance.mark
c.HomeSpawner.logs = str(state / "logs" / "servers")
c.HomeSpawner.default_url = "/lab"
c.HomeSpawner.args = ["--allow-root"] if os.geteuid() == 0 else []
# Named one by one: nothing else of the hub's environment reaches a server, PYTHONPATH least of all, which would make
# the authors' library importable.
c.HomeSpawner.env_keep = ["LANG", "LC_ALL", "TZ"]
c.HomeSpawner.environment = {
    MARK: instance.mark,
    "PATH": path,
    "CLASSROOM_URL": settings.service_url,
    "CARDLAB_DATA": str(root / "data"),
    "JUPYTER_CONFIG_PATH": str(root / "hub" / "student"),
}
# Seconds. Two servers starting at once on two busy cores took 25.
c.HomeSpawner.start_timeout = 90
c.HomeSpawner.http_timeout = 90
# Seconds after which a server that ignores the hub's wish to stop is made to.
c.HomeSpawner.interrupt_timeout = 5
c.HomeSpawner.term_timeout = 5

# --- What runs beside them --------------------------------------------------------------------------------------------
beside = {
    MARK: instance.mark,
    "PATH": path,
    "CLASSROOM_COURSE": str(root),
    "CLASSROOM_STATE": str(state),
    "CLASSROOM_PUBLIC_URL": settings.public_url,
    "CLASSROOM_HUB_API_URL": instance.hub_api_url,
    "CLASSROOM_STARTS": settings.starts.isoformat() if settings.starts else "",
    "PYTHONUNBUFFERED": "1",
}


def logged(name: str, *command: str) -> list[str]:
    """The command, its output in a file of its own."""
    return [
        "/bin/sh",
        "-c",
        'log=$1; shift; exec "$@" >>"$log" 2>&1',
        "sh",
        str(state / "logs" / f"{name}.log"),
        *command,
    ]


c.JupyterHub.services = [
    {
        "name": SERVICE_NAME,
        "url": f"http://127.0.0.1:{instance.service_port}",
        "command": logged("service", sys.executable, "-m", "classroom.service.app"),
        "environment": beside,
        "cwd": str(root),
        # It belongs to the class: asking "may the classroom know who you are" would only puzzle.
        "oauth_no_confirm": True,
    },
    {
        "name": "runner",
        "command": logged("runner", str(Path(sys.executable).parent / "classroom"), "runner"),
        "environment": beside,
        "cwd": str(root),
    },
    # Nothing runs under this name: it is who the command line is.
    {"name": OPERATOR_NAME, "api_token": (settings.secrets / f"{OPERATOR_NAME}.token").read_text().strip()},
]

# --- What they may do -------------------------------------------------------------------------------------------------
# A server's token holds what both its owner and the role `server` hold. `read:users:groups` shows a person's roles in
# the class; without it the hub leaves the groups out.
enter = [f"access:services!service={SERVICE_NAME}", "read:users:groups!user"]
c.JupyterHub.load_roles = [
    {"name": "user", "scopes": ["self", *enter]},
    {"name": "server", "scopes": ["users:activity!user", "access:servers!server", *enter]},
    {"name": "command-line", "services": [OPERATOR_NAME], "scopes": [f"access:services!service={SERVICE_NAME}"]},
]
