"""Who may vouch for users: what the setting OIDC_ISSUERS holds of each OpenID provider."""

import re
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

# What is fetched from there decides who gets in: over TLS, but on this machine.
_URL: Final = re.compile(r"https://[^\s?#]+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?[^\s?#]*")


class Issuer(BaseModel):
    """An OpenID provider and the organisation whose people it vouches for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str = Field(description="Its `iss`, to which its configuration is a well-known path.")
    organisation: str = Field(min_length=1, description="Name of the organisation.")
    audience: str = Field(min_length=1, description="What an access token for us has as `aud`.")
    user_claim: str = Field("email", min_length=1, description="Claim with the e-mail address.")
    groups_claim: str | None = Field(None, description="Claim with names of groups, if any.")
    client_id: str | None = Field(None, description="Our name there, for browsers to sign in.")
    client_secret: SecretStr | None = Field(None, description="Our secret there.")

    @field_validator("issuer")
    @classmethod
    def _is_reached_safely(cls, url: str) -> str:
        if not _URL.fullmatch(url):
            raise ValueError("must be an https address")
        return url

    @model_validator(mode="after")
    def _client_is_whole(self) -> Self:
        if (self.client_id is None) != (self.client_secret is None):
            raise ValueError("client_id and client_secret go together")
        return self
