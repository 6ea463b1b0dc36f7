"""Who may come in: a service account's signed assertion or a user's refresh token becomes a token for a while."""

from __future__ import annotations

import base64
import json
import secrets
import time
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from sandbox.drive.files import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.drive.setup import DriveSetup

SCOPE = "https://www.googleapis.com/auth/drive"
ASSERTION = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Denied(Exception):  # noqa: N818 - it reads as what happened
    """The token endpoint's own kind of refusal."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error


class Tokens:
    """The keys of one project."""

    def __init__(self, setup: DriveSetup) -> None:
        self._setup = setup
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._until: dict[str, float] = {}
        self.life = setup.token_life

    def service_account(self, token_uri: str) -> dict[str, str]:
        """The JSON key that Google's console hands out."""
        pem = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "project_id": "sandbox",
            "private_key_id": "1",
            "private_key": pem.decode(),
            "client_email": self._setup.client_email,
            "client_id": self._setup.client_id,
            "token_uri": token_uri,
        }

    def authorized_user(self, token_uri: str) -> dict[str, str]:
        """What a user who said yes leaves behind."""
        return {
            "type": "authorized_user",
            "client_id": self._setup.client_id,
            "client_secret": self._setup.client_secret,
            "refresh_token": self._setup.refresh_token,
            "token_uri": token_uri,
        }

    def granted(self, form: Mapping[str, Any], audience: str) -> dict[str, Any]:
        """The answer of the token endpoint. Denied where the grant is not worth one."""
        match form.get("grant_type"):
            case "refresh_token":
                mine = (self._setup.client_id, self._setup.client_secret, self._setup.refresh_token)
                if (form.get("client_id"), form.get("client_secret"), form.get("refresh_token")) != mine:
                    raise Denied("invalid_grant", "Token has been expired or revoked.")
            case grant if grant == ASSERTION:
                self._check(str(form.get("assertion", "")), audience)
            case _:
                raise Denied("unsupported_grant_type", "Invalid grant_type")
        token = f"ya29.{secrets.token_urlsafe(24)}"
        self._until[token] = time.monotonic() + self.life
        return {"access_token": token, "expires_in": int(self.life), "token_type": "Bearer"}

    def must_know(self, header: str) -> None:
        """Refused(401) where the token is unknown or old."""
        if self._until.get(header.removeprefix("Bearer "), 0.0) < time.monotonic():
            raise Refused(401, "authError", "Invalid Credentials", location="Authorization")

    def expire(self) -> None:
        """All tokens at once."""
        self._until.clear()

    def _check(self, assertion: str, audience: str) -> None:
        try:
            head, body, signature = assertion.split(".")
            signed = f"{head}.{body}".encode()
            self._key.public_key().verify(_decoded(signature), signed, padding.PKCS1v15(), hashes.SHA256())
            claims = json.loads(_decoded(body))
        except (ValueError, InvalidSignature) as error:
            raise Denied("invalid_grant", "Invalid JWT Signature.") from error
        now = time.time()
        if claims.get("iss") != self._setup.client_email or claims.get("aud") != audience:
            raise Denied("invalid_grant", "Invalid JWT: issuer or audience")
        if not claims.get("iat", 0) - 60 <= now <= claims.get("exp", 0):
            raise Denied(
                "invalid_grant", "Invalid JWT: Token must be a short-lived token and in a reasonable timeframe."
            )
        if SCOPE not in str(claims.get("scope", "")).split():
            raise Denied("invalid_scope", "Invalid OAuth scope or ID token audience provided.")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
