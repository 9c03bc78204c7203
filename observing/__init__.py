"""What operators see of a running process: its log, its figures, and traces where wanted."""

from observing import tracing
from observing.logs import log_fault, log_to_stderr
from observing.requests import Observed, flush

__all__ = ["Observed", "flush", "log_fault", "log_to_stderr", "tracing"]
