"""What is at which path beside `/graphql`."""

from routes.change_feed import change_feed_routes
from routes.explorer import explorer_routes
from routes.health import health_routes
from routes.letters import mail_routes, unsubscribe_routes
from routes.metrics import metrics_routes
from routes.tasks import task_routes

__all__ = [
    "change_feed_routes",
    "explorer_routes",
    "health_routes",
    "mail_routes",
    "metrics_routes",
    "task_routes",
    "unsubscribe_routes",
]
