"""What every hub of a class is configured with, wherever servers run: who is let in, and what they may do.

hub/jupyterhub_config.py calls it; so does Zero to JupyterHub's `extraConfig`, with the same environment:

    from classroom.ops.hub_shared import configure
    configure(c)
"""

from pathlib import Path
from typing import Any

from jupyterhub.utils import subdomain_hook_idna

from classroom.assignments import Course, load_course
from classroom.config import OPERATOR_NAME, SERVICE_NAME, SERVICE_PREFIX, Settings, load_settings
from classroom.hub_settings import HubSettings, load_hub_settings
from classroom.ops.hub import AccountsAuthenticator
from classroom.ops.signin import CONFIGURE

# Seconds after which a role, a roster or a closed account is looked up again.
REFRESH_S = 30


def configure(c: Any, settings: Settings | None = None, hub: HubSettings | None = None) -> None:
    """Everything below; the settings are the environment's unless they are given. Raises SettingsError."""
    settings, hub = settings or load_settings(), hub or load_hub_settings()
    let_in(c, hub, load_course(settings.course_root), settings.people)
    give_roles(c)
    greet(c, hub, settings.public_url)


def let_in(c: Any, hub: HubSettings, course: Course, people: Path) -> None:
    """Who may sign in. people: the folder with accounts.json and groups.json."""
    if hub.sign_in == "accounts":
        kind, name = AccountsAuthenticator, "AccountsAuthenticator"
        c.AccountsAuthenticator.accounts = str(people / "accounts.json")
        # The accounts file is the list of who is allowed; without this the hub (since 5) would let nobody in.
        c.AccountsAuthenticator.allow_all = True
    else:
        kind = CONFIGURE[hub.sign_in](c, hub)
        name = kind.__name__
        c[name].instructors = set(hub.admins)
    c.JupyterHub.authenticator_class = kind
    c[name].course = course.id
    # The roster says who has which role and section, the accounts file for whom it does not list.
    c[name].groups = str(people / "groups.json")
    c[name].manage_groups = True
    c[name].auth_refresh_age = REFRESH_S
    c.Authenticator.admin_users = set(hub.admins)


def give_roles(c: Any) -> None:
    """A server's token holds what both its owner and the role `server` hold.

    `read:users:groups` shows a person's roles in the class; without it the hub leaves the groups out. Roles that are
    configured already stay: Zero to JupyterHub's chart has one for what stops idle servers.
    """
    enter = [f"access:services!service={SERVICE_NAME}", "read:users:groups!user"]
    before = c.JupyterHub.get("load_roles", [])
    c.JupyterHub.load_roles = [
        *before,
        {"name": "user", "scopes": ["self", *enter]},
        {"name": "server", "scopes": ["users:activity!user", "access:servers!server", *enter]},
        {
            "name": "command-line",
            "services": [OPERATOR_NAME],
            "scopes": [f"access:services!service={SERVICE_NAME}"],
        },
    ]


def subdomain(name: str, domain: str, kind: str) -> str:
    """The host name of a person's server; the classroom's pages stay where the hub is, which they trust."""
    return domain if kind == "service" else str(subdomain_hook_idna(name, domain, kind))


def greet(c: Any, hub: HubSettings, public_url: str) -> None:
    """Everybody lands on the page that says what waits for them; JupyterLab is one click from there."""
    c.JupyterHub.default_url = f"{SERVICE_PREFIX}/"
    if hub.announcement:
        c.JupyterHub.template_vars = {"announcement": hub.announcement}
    if hub.subdomains:
        # Each server under a name of its own: what a notebook shows can't act as another person in the same browser.
        c.JupyterHub.subdomain_host = public_url
        c.JupyterHub.subdomain_hook = subdomain
