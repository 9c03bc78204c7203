"""Bounds of what stays open, websockets and streams, and of webhooks."""

from typing import Annotated

from pydantic import BaseModel, Field


class StreamSettings(BaseModel):
    """What may stay open, and for how long."""

    subscriptions_per_connection: Annotated[int, Field(ge=1, le=10_000)] = Field(
        50, description="Operations that may run at once on one websocket."
    )
    connections_per_viewer: Annotated[int, Field(ge=1, le=100_000)] = Field(
        100, description="Websockets and streams that one viewer may hold open, per process."
    )
    connection_init_seconds: Annotated[float, Field(gt=0, le=60)] = Field(
        10, description="Time in which a websocket must say who it is; else it is closed, 4408."
    )
    keep_alive_seconds: Annotated[float, Field(gt=0, le=300)] = Field(
        15, description="Longest silence of an open stream, in which a sign of life is sent."
    )
    subscriber_buffer: Annotated[int, Field(ge=1, le=10_000)] = Field(
        200, description="Entries held at most for a subscriber; one who is behind reads the log."
    )
    subscriber_patience_seconds: Annotated[float, Field(gt=0, le=3600)] = Field(
        30, description="Time in which a subscriber must take what is sent; else it is closed."
    )
    webhook_allow_private: bool = Field(
        default=False,
        description="Let webhooks be of private networks and of http; for tests only.",
    )
