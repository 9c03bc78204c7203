"""Where a letter's link leads while no front end has its place: the page for queries."""

import re
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from routes.pages import page

OFFBOARDING_ID: Final = re.compile(r"offboarding_[0-9a-f-]{36}", re.ASCII)
TASK: Final = """{
  offboarding(id: "%s") {
    status
    dueOn
    assignee { name }
    startedBy { name }
    subject {
      ... on Party { reference name }
      ... on Product { number name }
    }
  }
}
"""


def task_routes() -> list[BaseRoute]:
    """Return the route of a task."""

    async def task(request: Request) -> Response:
        id = request.path_params["id"]
        if not OFFBOARDING_ID.fullmatch(id):
            return page("There is no such task.", status=404)
        return RedirectResponse(f"/?query={quote(TASK % id)}", 303)

    return [Route("/tasks/{id}", task)]
