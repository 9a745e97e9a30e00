"""What a hub in a container is configured with: the database, the proxy beside it, a container for each student."""

import sys
from typing import Any

from jupyterhub.log import log_request
from sqlalchemy.exc import SQLAlchemyError
from tornado.web import RequestHandler

from classroom.config import OPERATOR_NAME, SERVICE_NAME, SERVICE_PREFIX, Settings
from classroom.errors import SettingsError
from classroom.hub_settings import HubSettings
from classroom.ops.own_network import OwnNetworkSpawner, OwnNetworkSwarmSpawner

HUB_URL, PROXY_API_URL, SERVICE_URL = "http://hub:8081", "http://proxy-api:8001", "http://service:8011"
HOME = "/home/student"
_DAY_S = 86_400


def place(c: Any, settings: Settings, hub: HubSettings) -> None:
    """The proxy is a process of its own, so people go on working while the hub is away."""
    c.JupyterHub.bind_url = "http://:8000"
    c.JupyterHub.public_url = f"{settings.public_url}/"
    c.JupyterHub.hub_bind_url = "http://:8081"
    c.JupyterHub.hub_connect_url = HUB_URL
    c.ConfigurableHTTPProxy.should_start = False
    c.ConfigurableHTTPProxy.api_url = PROXY_API_URL
    # Servers and proxy outlive the hub, which finds them again by its database.
    c.JupyterHub.cleanup_servers = False
    c.JupyterHub.cleanup_proxy = False
    # The password, the proxy's token and the cookies' secret come by the environment; see with-secrets.
    c.JupyterHub.db_url = "postgresql+psycopg://classroom@postgres/hub"
    # Seen before use, since PostgreSQL may have been restarted; and out of use between two requests.
    c.JupyterHub.db_kwargs = {"pool_pre_ping": True}
    c.JupyterHub.tornado_settings = {"log_function": end_request}
    # What keeps one machine alive when everybody comes at once.
    c.JupyterHub.active_server_limit = hub.max_servers
    c.JupyterHub.concurrent_spawn_limit = 10
    c.JupyterHub.oauth_token_expires_in = _DAY_S


def end_request(handler: RequestHandler) -> None:
    """Logs a request as the hub does, then ends the transaction that its looking things up has begun.

    The hub has one session. Left open, it keeps its connection, which is seen only when it's taken anew: after a
    restart of PostgreSQL the next one to ask would get an error.
    """
    log_request(handler)
    session = handler.settings["db"]
    try:
        session.commit()
    except SQLAlchemyError:
        session.rollback()


def spawn(c: Any, settings: Settings, hub: HubSettings) -> None:
    """A container a person: no privileges, a home volume, a network with none but hub, proxy and service."""
    kind = OwnNetworkSwarmSpawner if hub.spawner == "swarm" else OwnNetworkSpawner
    c.JupyterHub.spawner_class = kind
    own = c[kind.__name__]
    own.image = hub.student_image
    own.pull_policy = "ifnotpresent"
    own.cmd = ["course-server"]
    own.default_url = "/lab/tree/Start%20here.md"
    own.prefix = f"{hub.project}-student"
    own.subnets, own.internet = hub.subnets, hub.internet
    own.environment = {
        "CLASSROOM_URL": f"{SERVICE_URL}{SERVICE_PREFIX}",
        "CLASSROOM_PUBLIC_URL": settings.public_url,
    }
    # The volume keeps what a student made; the container is thrown away and made anew, with the newest image.
    own.volumes = {f"{hub.project}-home-{{username}}": HOME}
    own.remove = True
    own.mem_limit, own.cpu_limit = hub.memory, hub.cpus
    if hub.spawner == "docker":
        own.extra_host_config = {
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
            "pids_limit": hub.pids,
            "memswap_limit": hub.memory.lower(),
            # Disk: nothing is written but the home and /tmp, which counts as memory; and no file of the home grows past
            # this, so that a loop that writes ends. How large a home gets as a whole the volume's file system decides.
            "read_only": True,
            "tmpfs": {"/tmp": "size=1g,mode=1777,exec"},
            "ulimits": [{"name": "fsize", "soft": hub.file_gb << 30, "hard": hub.file_gb << 30}],
            # Docker ends a log's file at so many bytes and keeps so many.
            "log_config": {"type": "json-file", "config": {"max-size": "5m", "max-file": "2"}},
            # Never started by Docker itself: the hub knows who wants a server.
            "restart_policy": {"Name": "no"},
            "init": True,
        }
    else:
        own.extra_container_spec = {"cap_drop": ["ALL"], "init": True}
        # A name leads to the server itself: one virtual address for one server would only be one more part to fail.
        own.extra_endpoint_spec = {"mode": "dnsrr"}
        own.home_options = dict(hub.homes)
    # Seconds. Two servers starting at once on two busy cores took 25; on two that a dozen processes shared, 84.
    own.start_timeout = own.http_timeout = 300


def serve(c: Any, settings: Settings, hub: HubSettings) -> None:
    """The service runs in a container of its own and the hub only knows its token."""
    for name, token in (("CLASSROOM_SERVICE_TOKEN", hub.service_token), ("CLASSROOM_TOKEN", hub.operator_token)):
        if not token:
            raise SettingsError(f"{name} is missing; make the secrets with: make secrets")
    culler = [sys.executable, "-m", "jupyterhub_idle_culler", f"--timeout={hub.idle_minutes * 60}", "--cull-every=300"]
    c.JupyterHub.services = [
        {
            "name": SERVICE_NAME,
            "url": SERVICE_URL,
            "api_token": hub.service_token,
            # It belongs to the class: asking "may the classroom know who you are" would only puzzle.
            "oauth_no_confirm": True,
            # As the service names it, also where servers have names of their own: it stays with the hub.
            "oauth_redirect_uri": f"{SERVICE_PREFIX}/oauth_callback",
        },
        # Nothing runs under this name: it is who the command line is.
        {"name": OPERATOR_NAME, "api_token": hub.operator_token},
        *([{"name": "idle-culler", "command": culler}] if hub.idle_minutes else []),
    ]
    c.JupyterHub.load_roles += [
        {
            "name": "idle-culler",
            "services": ["idle-culler"] if hub.idle_minutes else [],
            "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        }
    ]
