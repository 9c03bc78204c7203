"""An issuer of tokens for tests: a real HTTP server with its configuration and its keys."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from joserfc import jwk
from joserfc.jws import JWSRegistry
from typing_extensions import override

AUDIENCE: Final = "offboarding"


def segment(value: Any) -> str:
    """Return JSON as a part of a token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


class TokenIssuer:
    """Signs tokens, and shows its public keys at an address of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.keys: list[Any] = []
        self.asked: list[str] = []
        self.add("RSA", 2048, "first")

    def add(self, kind: Any, size: Any, kid: str) -> Any:
        """Make another key, and show it."""
        key = jwk.generate_key(kind, size, parameters={"kid": kid, "use": "sig"})
        self.keys.append(key)
        return key

    def answer(self, path: str) -> Any:
        """Return what stands at a path."""
        self.asked.append(path)
        if path == "/jwks":
            return {"keys": [key.as_dict(private=False) for key in self.keys]}
        return {"issuer": self.url, "jwks_uri": f"{self.url}/jwks"}

    def claims(self, email: str, /, **changed: Any) -> dict[str, Any]:
        """Return the claims of an access token that is good; None takes one away."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "abc-123",
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            "email": email,
        } | changed
        return {name: value for name, value in claims.items() if value is not None}

    def sign(
        self, claims: dict[str, Any], key: Any = None, alg: str = "RS256", **header: Any
    ) -> str:
        """Return a token of claims."""
        key = key or self.keys[-1]
        return self.sign_as({"alg": alg, "typ": "at+jwt", "kid": key.kid} | header, claims, key)

    def sign_as(self, header: dict[str, Any], claims: dict[str, Any], key: Any = None) -> str:
        """Return a token with a header of one's own, in which None stands for nothing."""
        shown = {name: value for name, value in header.items() if value is not None}
        signed = segment(shown) + "." + segment(claims)
        known = shown["alg"] if shown["alg"] in JWSRegistry.algorithms else "RS256"
        algorithm = JWSRegistry.algorithms[known]
        signature = algorithm.sign(
            signed.encode(), None if known == "none" else key or self.keys[-1]
        )
        return signed + "." + base64.urlsafe_b64encode(signature).rstrip(b"=").decode()


@contextmanager
def issuing() -> Iterator[TokenIssuer]:
    """Run an issuer on loopback."""
    issuer: TokenIssuer

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(issuer.answer(self.path)).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer = TokenIssuer(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
