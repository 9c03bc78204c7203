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
        None,
        description="Token for `/metrics`, at least 16 characters. Absent: see METRICS_PORT.",
    )
    metrics_port: Annotated[int, Field(ge=1, le=65535)] | None = Field(
        None, description="Port of `/metrics` alone. Absent: it is on PORT, behind METRICS_TOKEN."
    )
    metrics_host: str = Field("127.0.0.1", description="Address of METRICS_PORT.")

    @property
    def has_metrics(self) -> bool:
        """Whether the figures are shown anywhere."""
        return self.metrics_token is not None or self.metrics_port is not None
