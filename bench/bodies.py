"""Writes request bodies for a load generator, about what a running server holds.

`python bench/bodies.py FOLDER --url http://127.0.0.1:8000 --token TOKEN` writes `page.jsonl`,
`one.jsonl` and `save.jsonl`, a body a line, and `headers.txt`, a header a line.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Final

import httpx2

PARTIES: Final = 2_000
OFFBOARDINGS: Final = 1_000
STATUSES: Final = ("OPEN", "IN_PROGRESS", "REVIEW")

OFFBOARDING: Final = "id status resolution version startedAt updatedAt assignee{id name email}"
PARTY: Final = (
    "id type name reference email onboardedOn products{id name number openedOn}"
    f" offboarding{{{OFFBOARDING}}}"
)
PAGE: Final = f"query Page($n:Int){{clientFile{{parties(first:$n){{nodes{{{PARTY}}}}}}}}}"
ONE: Final = f"query One($id:ID){{party(id:$id){{{PARTY}}}}}"
SAVE: Final = (
    "mutation Save($input:SetOffboardingStatusInput!){setOffboardingStatus(input:$input){"
    f"...on SetOffboardingStatusSuccess{{offboarding{{{OFFBOARDING}}}}}"
    "...on Error{code message}}}"
)
SOME_PARTIES: Final = (
    "query($after:Cursor){clientFile{found:parties(first:100,after:$after)"
    "{nodes{id}pageInfo{hasNextPage endCursor}}}}"
)
RUNNING: Final = (
    "query($after:Cursor){found:offboardings(first:100,after:$after,"
    "filter:{status:[OPEN,IN_PROGRESS,REVIEW]}){nodes{id}pageInfo{hasNextPage endCursor}}}"
)


class Server:
    """A running server, asked with a token."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self._http = httpx2.Client(
            base_url=url.removesuffix("/graphql"), headers=headers, timeout=60, trust_env=False
        )

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        """Return the data of a query."""
        response = self._http.post("/graphql", json={"query": query, "variables": variables})
        answer: dict[str, Any] = response.json()
        if "errors" in answer:
            raise SystemExit(f"The server refuses: {answer['errors'][0]['message']}")
        data: dict[str, Any] = answer["data"]
        return data

    def ids(self, query: str, most: int) -> list[str]:
        """Return the ids on the first pages of what a query calls `found`."""
        return [id for page in self._pages(query, most) for id in page][:most]

    def _pages(self, query: str, most: int) -> Iterator[list[str]]:
        after: str | None = None
        for _ in range(0, most, 100):
            data = self.ask(query, after=after)
            page = data.get("clientFile", data)["found"]
            yield [node["id"] for node in page["nodes"]]
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]


def bodies(server: Server) -> dict[str, list[dict[str, Any]]]:
    """Return the bodies of each scenario, after having tried the first of each that reads."""
    parties, running = server.ids(SOME_PARTIES, PARTIES), server.ids(RUNNING, OFFBOARDINGS)
    if not parties or not running:
        raise SystemExit("There must be parties, and offboardings that are not done.")
    chance = Random(7)  # noqa: S311 - nothing secret
    saves = [
        {"offboardingId": id, "status": chance.choice(STATUSES)} for id in running for _ in range(3)
    ]
    server.ask(PAGE, n=50)
    server.ask(ONE, id=parties[0])
    return {
        "page": [{"query": PAGE, "variables": {"n": 50}}],
        "one": [{"query": ONE, "variables": {"id": id}} for id in parties],
        "save": [{"query": SAVE, "variables": {"input": save}} for save in saves],
    }


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description="Write request bodies for a load generator.")
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--url", default="http://127.0.0.1:8000", help="of the server, or of its /graphql"
    )
    parser.add_argument("--token", required=True, help="of somebody who may edit offboardings")
    options = parser.parse_args()
    headers = {"Authorization": f"Bearer {options.token}"}
    options.folder.mkdir(parents=True, exist_ok=True)
    for name, some in bodies(Server(options.url, headers)).items():
        lines = [json.dumps(body) for body in some]
        (options.folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{name}.jsonl: {len(lines)}")
    text = "".join(f"{name}: {value}\n" for name, value in headers.items())
    (options.folder / "headers.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
