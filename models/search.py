"""Filters that parties and products share: where they stand, and the words they hold."""

from typing import Final

from models.readable import Asker, Cases, Filter


def query(words: str, asker: Asker) -> str:
    """Return the SQL of a full-text query for words, in rows of the viewer's organisation only."""
    return f"search_query({words}, array['@' || {asker.organisation}])"


# The full-text query for rows that are listed in the overview.
LISTED: Final = "'''@listed'''::tsquery"

# Each word of the search begins a word of the row, in any order, without accents or case.
matching: Final = Filter(lambda row, words, asker: f"{row}.search @@ {query(words, asker)}", "text")


def states(subject: str, ended: str) -> Cases:
    """Return the filter by where a subject stands; `subject` is its key in an offboarding."""

    def running(asker: Asker) -> str:
        return (
            f"(select o.{subject} from offboarding o where o.{subject} is not null"
            f" and o.status <> 'DONE' and o.organisation_id = {asker.organisation})"
        )

    return Cases(
        {
            # What has not ended is listed (V), so that an index passes over all that is not.
            "NONE": lambda row, asker: (
                f"({row}.listed and {row}.status <> '{ended}' and {row}.id not in {running(asker)})"
            ),
            "PENDING": lambda row, asker: (
                f"({row}.listed and {row}.status <> '{ended}' and {row}.id in {running(asker)})"
            ),
            "OFFBOARDED": lambda row, _asker: f"{row}.status = '{ended}'",
        }
    )
