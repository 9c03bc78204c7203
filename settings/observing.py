"""What operators see of a running process."""

from typing import Annotated

from pydantic import BaseModel, Field, SecretStr, field_validator


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

    otel_exporter_otlp_endpoint: str | None = Field(
        None,
        description="Collector of traces, such as http://collector:4318. Absent: no traces.",
    )
    otel_exporter_otlp_traces_endpoint: str | None = Field(
        None, description="Its whole address instead, with a path."
    )
    otel_service_name: str = Field("offboarding", description="Name of this service in traces.")
    otel_sdk_disabled: bool = Field(default=False, description="Trace nothing all the same.")

    @field_validator("otel_exporter_otlp_endpoint", "otel_exporter_otlp_traces_endpoint")
    @classmethod
    def _is_an_address(cls, address: str | None) -> str | None:
        if address is not None and not address.startswith(("https://", "http://")):
            raise ValueError("must be an http(s) address: traces leave by OTLP over HTTP")
        return address

    @property
    def traces_endpoint(self) -> str | None:
        """Where traces go, if they go anywhere."""
        if self.otel_sdk_disabled:
            return None
        whole, base = self.otel_exporter_otlp_traces_endpoint, self.otel_exporter_otlp_endpoint
        return whole or (base and f"{base.rstrip('/')}/v1/traces")

    @property
    def has_metrics(self) -> bool:
        """Whether the figures are shown anywhere."""
        return self.metrics_token is not None or self.metrics_port is not None
