"""What the hub of the embedded class is configured with: one machine, processes of one user, nobody separated.

`classroom up` writes the accounts, the secrets and the ports into the state folder, then starts the hub.
"""

import os
import sys
from pathlib import Path
from typing import Any

from classroom.config import OPERATOR_NAME, SERVICE_NAME, SERVICE_PREFIX, Settings
from classroom.errors import SettingsError
from classroom.hub_settings import HubSettings
from classroom.ops.doctor import proxy_command
from classroom.ops.hub import HomeSpawner
from classroom.ops.instance import MARK, Instance, load_instance

# nbgrader shells out to alembic, and a notebook to python: both must be this environment's.
PATH = os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"])


def place(c: Any, settings: Settings, hub: HubSettings) -> None:
    """Addresses and files. Raises SettingsError when no class was prepared."""
    instance, state = _instance(settings), settings.state
    c.JupyterHub.bind_url = f"{instance.public_url}/"
    c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{instance.hub_port}"
    c.JupyterHub.db_url = f"sqlite:///{state / 'jupyterhub.sqlite'}"
    c.JupyterHub.cookie_secret_file = str(settings.secrets / "hub_cookie_secret")
    # npm's: PyPI's own drops the subprotocol of websockets.
    c.ConfigurableHTTPProxy.command = proxy_command(settings.course_root)
    c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{instance.proxy_api_port}"
    c.ConfigurableHTTPProxy.pid_file = str(state / "proxy.pid")


def spawn(c: Any, settings: Settings, hub: HubSettings) -> None:
    """A process of this machine for each person."""
    instance, root, state = _instance(settings), settings.course_root, settings.state
    c.JupyterHub.spawner_class = HomeSpawner
    c.HomeSpawner.home_dir_template = str(state / "homes" / "{username}")
    c.HomeSpawner.mark = instance.mark
    c.HomeSpawner.logs = str(state / "logs" / "servers")
    c.HomeSpawner.default_url = "/lab"
    c.HomeSpawner.args = ["--allow-root"] if os.geteuid() == 0 else []
    # Named one by one: nothing else of the hub's environment reaches a server, PYTHONPATH least of all, which would
    # make the authors' library importable.
    c.HomeSpawner.env_keep = ["LANG", "LC_ALL", "TZ"]
    c.HomeSpawner.environment = {
        MARK: instance.mark,
        "PATH": PATH,
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


def serve(c: Any, settings: Settings, hub: HubSettings) -> None:
    """The service and the runner, as the hub's children."""
    instance, root, state = _instance(settings), settings.course_root, settings.state
    beside = {
        MARK: instance.mark,
        "PATH": PATH,
        "CLASSROOM_COURSE": str(root),
        "CLASSROOM_STATE": str(state),
        "CLASSROOM_PUBLIC_URL": settings.public_url,
        "CLASSROOM_HUB_API_URL": instance.hub_api_url,
        "CLASSROOM_STARTS": settings.starts.isoformat() if settings.starts else "",
        "PYTHONUNBUFFERED": "1",
    }
    c.JupyterHub.services = [
        {
            "name": SERVICE_NAME,
            "url": f"http://127.0.0.1:{instance.service_port}",
            "command": _logged(state, "service", sys.executable, "-m", "classroom.service.app"),
            "environment": beside,
            "cwd": str(root),
            # Seconds, after which the hub ends when the service doesn't answer. 30, the default, was too few on two
            # cores that a dozen processes shared.
            "timeout": 240,
            # It belongs to the class: asking "may the classroom know who you are" would only puzzle.
            "oauth_no_confirm": True,
            # As the service names it, also where servers have names of their own: it stays with the hub.
            "oauth_redirect_uri": f"{SERVICE_PREFIX}/oauth_callback",
        },
        {
            "name": "runner",
            "command": _logged(state, "runner", str(Path(sys.executable).parent / "classroom"), "runner"),
            "environment": beside,
            "cwd": str(root),
        },
        # Nothing runs under this name: it is who the command line is.
        {"name": OPERATOR_NAME, "api_token": (settings.secrets / f"{OPERATOR_NAME}.token").read_text().strip()},
    ]


def _logged(state: Path, name: str, *command: str) -> list[str]:
    """The command, its output in a file of its own."""
    return [
        "/bin/sh",
        "-c",
        'log=$1; shift; exec "$@" >>"$log" 2>&1',
        "sh",
        str(state / "logs" / f"{name}.log"),
        *command,
    ]


def _instance(settings: Settings) -> Instance:
    found = load_instance(settings.state)
    if found is None:
        raise SettingsError(f"{settings.state} holds no class; start it with: classroom up")
    return found
