"""What operators see of a running process."""

from typing import Annotated

from pydantic import BaseModel, Field, SecretStr


class ObservingSettings(BaseModel):
    """What is logged and measured."""

    log_json: bool | None = Field(
        None, description="Log lines of JSON. Absent: true, but for the demo."
    )
    log_requests: bool | None = Field(
        None, description="Log a line of JSON for each request. Absent: as LOG_JSON."
    )
    metrics_token: Annotated[SecretStr, Field(min_length=16)] | None = Field(
        None, description="Token for `/metrics`, at least 16 characters. Absent: there is none."
    )
