"""What the server prints when it starts."""

import json
import shlex
from collections.abc import Sequence

from demo.tokens import DemoToken

SAMPLE = (
    "{ viewer { user { name } openTaskCount } clientFile { parties(first: 3) { nodes { name } } } }"
)


def banner(address: str, tokens: Sequence[DemoToken] = (), *, mail: bool = False) -> str:
    """Return where to find what, and in the demo who to be, with a request to paste."""
    lines = [
        "",
        "  Offboarding is running.",
        "",
        f"  Explore   {address}/",
        f"  GraphQL   {address}/graphql",
        f"  Health    {address}/health/ready",
        *([f"  Mail      {address}/mail"] if mail else []),
    ]
    if tokens:
        width = max(len(token.email) for token in tokens)
        lines += ["", "  Demo users, each with a token:", ""]
        lines += [
            f"    {token.email:{width}}  {token.groups or 'no group'}, {token.organisation}\n"
            f"    {'':{width}}  {token.token}"
            for token in tokens
        ]
        lines += ["", "  Try it:", "", *_sample(address, tokens)]
    return "\n".join([*lines, "", "  Stop with Ctrl-C.", ""])


def _sample(address: str, tokens: Sequence[DemoToken]) -> list[str]:
    officer = next((token for token in tokens if "Approver" in token.groups), tokens[0])
    return [
        f"    curl {address}/graphql \\",
        f"      -H 'Authorization: Bearer {officer.token}' \\",
        "      -H 'Content-Type: application/json' \\",
        f"      -d {shlex.quote(json.dumps({'query': SAMPLE}))}",
    ]
