"""Who is let in at the hub when others say who somebody is: GitHub, Google, any OpenID Connect, an LMS by LTI 1.3."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyterhub.auth import Authenticator
from ltiauthenticator.lti13.auth import LTI13Authenticator
from oauthenticator.generic import GenericOAuthenticator
from oauthenticator.github import GitHubOAuthenticator
from oauthenticator.google import GoogleOAuthenticator
from traitlets import Set, Unicode

from classroom.errors import SettingsError
from classroom.hub_settings import HubSettings
from classroom.ops.accounts import load_groups


class _Rostered(Authenticator):
    """Mixed into an authenticator: the roster says who is let in and with which roles, and admins are let in without.

    The roster's file is read again at each sign-in and every `auth_refresh_age` seconds of use.
    """

    groups = Unicode(help="Path of groups.json, which an import of the roster writes.").tag(config=True)
    course = Unicode(help="Id of the course, the first part of the groups' names.").tag(config=True)
    instructors = Set(help="Who is an instructor without a roster.").tag(config=True)

    async def check_allowed(self, username: str, auth_model: Any = None) -> bool:
        """Called by the hub at each sign-in."""
        return self._groups_of(username) is not None

    async def run_post_auth_hook(self, handler: Any, auth_model: dict[str, Any]) -> Any:
        """Called by the hub once somebody is let in."""
        model = await super().run_post_auth_hook(handler, auth_model)
        return model and {**model, "groups": self._groups_of(model["name"]) or []}

    async def refresh_user(self, user: Any, handler: Any = None, **options: Any) -> Any:
        """Called by the hub now and then. Who has left the roster loses the groups at once and is asked to sign in."""
        groups = self._groups_of(user.name)
        if groups is None:
            user.sync_groups([])
            return False
        found = await super().refresh_user(user, handler, **options)
        return found and {**(found if isinstance(found, dict) else {"name": user.name}), "groups": groups}

    def _groups_of(self, name: str) -> list[str] | None:
        """None for who isn't let in. Someone who left is listed, without a group."""
        if name in self.instructors:
            return [f"{self.course}-instructors"]
        return load_groups(Path(self.groups)).get(name) or None


class RosteredGitHub(_Rostered, GitHubOAuthenticator):
    """GitHub's accounts."""


class RosteredGoogle(_Rostered, GoogleOAuthenticator):
    """Google's accounts."""


class RosteredGeneric(_Rostered, GenericOAuthenticator):
    """Any provider of OpenID Connect."""


class RosteredLTI(_Rostered, LTI13Authenticator):
    """Launches from a learning platform."""


def configure_github(c: Any, hub: HubSettings) -> type[Authenticator]:
    """OAUTH_CLIENT_ID and OAUTH_CLIENT_SECRET are read by the authenticator itself, here and below."""
    c.GitHubOAuthenticator.scope = []  # the public profile: who it is, and nothing else
    return RosteredGitHub


def configure_google(c: Any, hub: HubSettings) -> type[Authenticator]:
    if not hub.mail_domains:
        raise SettingsError("CLASSROOM_MAIL_DOMAINS is empty; name the domains whose Google accounts are meant")
    c.GoogleOAuthenticator.scope = ["openid", "email"]
    c.GoogleOAuthenticator.hosted_domain = list(hub.mail_domains)
    return RosteredGoogle


def configure_generic(c: Any, hub: HubSettings) -> type[Authenticator]:
    """OAUTH2_AUTHORIZE_URL, OAUTH2_TOKEN_URL and OAUTH2_USERDATA_URL are read by the authenticator, too."""
    c.GenericOAuthenticator.scope = ["openid", "profile"]
    c.GenericOAuthenticator.username_claim = hub.claim or "preferred_username"
    return RosteredGeneric


def configure_lti(c: Any, hub: HubSettings) -> type[Authenticator]:
    wanted = ("issuer", "client_id", "authorize_url", "jwks_endpoint")
    if missing := [f"CLASSROOM_LTI_{name.upper()}" for name in wanted if name not in hub.lti]:
        raise SettingsError(f"{', '.join(missing)}: not set; the platform's registration page names them")
    c.LTI13Authenticator.issuer = hub.lti["issuer"]
    c.LTI13Authenticator.client_id = {hub.lti["client_id"]}
    c.LTI13Authenticator.authorize_url = hub.lti["authorize_url"]
    c.LTI13Authenticator.jwks_endpoint = hub.lti["jwks_endpoint"]
    c.LTI13Authenticator.username_key = hub.claim or "sub"
    c.LTI13Authenticator.uri_scheme = "https"
    return RosteredLTI


CONFIGURE: dict[str, Callable[[Any, HubSettings], type[Authenticator]]] = {
    "github": configure_github,
    "google": configure_google,
    "generic": configure_generic,
    "lti13": configure_lti,
}
