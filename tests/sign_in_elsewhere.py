"""Those who say who somebody is, in this process: a provider of OpenID Connect and a learning platform.

Sources: OpenID Connect Core 1.0, section 3.1 (code flow), RFC 7636 (PKCE); 1EdTech Security Framework 1.0, section 5.1
(launches), LTI 1.3 core, section 5.
"""

import base64
import hashlib
import html
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import parse_qs, urlencode

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI, Header, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from classroom.ops.instance import free_ports
from tests.running_class import wait_for

CLIENT_ID, CLIENT_SECRET = "classroom", "a secret between the two"
LTI = "https://purl.imsglobal.org/spec/lti/claim/"


@dataclass
class Elsewhere:
    """person: who sits before the browser, as this provider and platform knows them. url: where both answer."""

    callback: str
    person: str = ""
    url: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048), repr=False)

    def app(self) -> FastAPI:
        app = FastAPI()
        app.get("/authorize")(self.authorize)
        app.post("/token")(self.token)
        app.get("/userinfo")(self.userinfo)
        app.get("/launch")(self.launch)
        app.get("/jwks")(self.jwks)
        return app

    def authorize(self, request: Request) -> Response:
        """Asked by the browser; sends it back with a code."""
        asked = dict(request.query_params)
        self._insist(asked["response_type"] == "code" and "openid" in asked["scope"].split())
        self._insist((asked["client_id"], asked["redirect_uri"]) == (CLIENT_ID, self.callback))
        code = secrets.token_urlsafe(16)
        self.codes[code] = {**asked, "person": self.person}
        return RedirectResponse(f"{self.callback}?{urlencode({'code': code, 'state': asked['state']})}", 302)

    async def token(self, request: Request) -> dict[str, str]:
        """Asked by the hub; a code counts once."""
        form = {key: values[0] for key, values in parse_qs((await request.body()).decode()).items()}
        given = request.headers.get("Authorization", "").removeprefix("Basic ")
        basic = base64.b64decode(given).decode() if given else f"{form.get('client_id')}:{form.get('client_secret')}"
        self._insist(basic == f"{CLIENT_ID}:{CLIENT_SECRET}" and form["grant_type"] == "authorization_code")
        asked = self.codes.pop(form["code"], None)
        self._insist(asked is not None and form["redirect_uri"] == asked["redirect_uri"])
        assert asked is not None
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        self._insist(base64.urlsafe_b64encode(digest).decode().rstrip("=") == asked["code_challenge"])
        token = secrets.token_urlsafe(16)
        self.tokens[token] = asked["person"]
        return {"access_token": token, "token_type": "Bearer"}

    def userinfo(self, authorization: Annotated[str, Header()]) -> dict[str, str]:
        """Asked by the hub with the token."""
        person = self.tokens.get(authorization.partition(" ")[2], "")
        self._insist(person != "")
        return {"sub": f"id-of-{person}", "preferred_username": person, "name": f"{person} of elsewhere"}

    def launch(self, request: Request) -> HTMLResponse:
        """Asked by the browser, which the hub sent; answers with a form that is sent to the hub by itself."""
        asked = dict(request.query_params)
        self._insist((asked["response_type"], asked["response_mode"]) == ("id_token", "form_post"))
        self._insist((asked["client_id"], asked["redirect_uri"]) == (CLIENT_ID, self.callback))
        self._insist(asked["login_hint"] == f"hint-of-{self.person}")
        fields = {"id_token": self.id_token(asked["nonce"]), "state": asked["state"]}
        inputs = "".join(f'<input name="{name}" value="{html.escape(value)}">' for name, value in fields.items())
        return HTMLResponse(f'<form method="post" action="{html.escape(asked["redirect_uri"])}">{inputs}</form>')

    def id_token(self, nonce: str, *, key: rsa.RSAPrivateKey | None = None, audience: str = CLIENT_ID) -> str:
        """Signed with the platform's key, unless another is given."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": audience,
            "sub": self.person,
            "nonce": nonce,
            "iat": now,
            "exp": now + 300,
            f"{LTI}message_type": "LtiResourceLinkRequest",
            f"{LTI}version": "1.3.0",
            f"{LTI}deployment_id": "1",
            f"{LTI}target_link_uri": self.callback,
            f"{LTI}resource_link": {"id": "the course"},
            f"{LTI}roles": ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"],
        }
        return jwt.encode(claims, key or self.key, algorithm="RS256", headers={"kid": "1"})

    def jwks(self) -> dict[str, object]:
        """Asked by the hub: the public half of the key."""
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": "1", "use": "sig", "alg": "RS256"}]}

    def _insist(self, holds: bool) -> None:
        if not holds:
            raise HTTPException(400, "the request isn't one that the standard allows")


@contextmanager
def elsewhere(callback: str) -> Iterator[Elsewhere]:
    """Both, answering on a port of this machine. callback: the one address to which they send anybody back."""
    (port,) = free_ports(1)
    made = Elsewhere(callback, url=f"http://127.0.0.1:{port}")
    config = uvicorn.Config(made.app(), port=port, lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        wait_for(lambda: server.started or not thread.is_alive())
        assert server.started
        yield made
    finally:
        server.should_exit = True
        thread.join()
