"""A sign-in provider of its own: OpenID Connect over real HTTP on this machine, with RS256 keys."""

import json
import secrets
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

CLIENT = "sodate-desk"
SECRET = "the secret of the client"


@cache
def key(name: str, kid: str | None = None) -> RSAKey:
    """The key of that name, which takes long to make; it calls itself ``kid``."""
    return RSAKey.generate_key(2048, {"kid": kid or name, "alg": "RS256"})


@dataclass
class Provider:
    """Vouches for ``person``. What it answers can be bent: ``claims`` over those of the ID token,
    ``discovery`` over that of the discovery."""

    issuer: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    discovery: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    signing: RSAKey = field(default_factory=lambda: key("one"))
    published: list[RSAKey] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    redirects_discovery_to: str | None = None
    broken: bool = False

    def __post_init__(self) -> None:
        self.published = [self.signing]

    def __call__(self, environ: Any, start: Any) -> Any:
        request = Request(environ)
        self.asked.append(request.path)
        answers = {
            "/.well-known/openid-configuration": self._discovery,
            "/authorize": self._authorize,
            "/token": self._token,
            "/keys": self._keys,
            "/userinfo": self._userinfo,
        }
        if self.broken:
            return Response("<h1>502</h1>", 502)(environ, start)
        return answers[request.path](request)(environ, start)

    def _discovery(self, _request: Request) -> Response:
        if self.redirects_discovery_to:
            return Response(status=302, headers={"Location": self.redirects_discovery_to})
        return _json(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                **self.discovery,
            }
        )

    def _authorize(self, request: Request) -> Response:
        asked = request.args.to_dict()
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        assert set(asked["scope"].split()) == {"openid", "email"}
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        back = urlencode({"code": code, "state": asked["state"]})
        return Response(status=302, headers={"Location": f"{asked['redirect_uri']}?{back}"})

    def _token(self, request: Request) -> Response:
        asked = self.codes.pop(request.form.get("code", ""), None)
        who = request.authorization
        known = who and (who.username, who.password) == (CLIENT, SECRET)
        proof = sha256(request.form.get("code_verifier", "").encode()).digest()
        if not asked or not known or _b64(proof) != asked["code_challenge"]:
            return _json({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": "person-1",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **self.person,
            **self.claims,
        }
        header = {"alg": "RS256", "kid": self.signing.kid}
        kept = {name: value for name, value in claims.items() if value is not None}
        token = jwt.encode(header, kept, self.signing)
        return _json({"access_token": "a", "token_type": "Bearer", "id_token": token})

    def _keys(self, _request: Request) -> Response:
        return _json({"keys": [key.as_dict(private=False) for key in self.published]})

    def _userinfo(self, request: Request) -> Response:
        assert request.headers["Authorization"] == "Bearer a"
        return _json({"sub": "person-1", **self.userinfo})


@contextmanager
def running() -> Iterator[Provider]:
    """A provider on a free port of this machine."""
    provider = Provider()
    server = make_server("127.0.0.1", 0, provider, threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status, mimetype="application/json")


def _b64(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
