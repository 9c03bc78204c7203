"""The checks of staged rows: every cell, and what rows say of each other and of what is stored."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

import asyncpg

from loading.cells import is_day, problems, shown
from loading.layout import HOLDINGS, PARTIES, PRODUCTS, SHEETS, USERS, Sheet
from loading.report import BadRow
from models.user import ClientAccess
from models.user_group import Permission

# More than anybody reads, and little enough to hold in memory; how many more there are is told.
MOST_BAD_ROWS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Check:
    """A statement that selects (line, problem) of the cells of a column that are bad."""

    sheet: Sheet
    column: str
    bad: str

    @property
    def statement(self) -> str:
        """Return the SQL that notes what is bad."""
        place = f"{SHEETS.index(self.sheet)}, b.line, {self.sheet.position(self.column)}"
        return f"""
insert into bad_row (sheet, line, position, name, problem)
select {place}, '{self.column}', b.problem from ({self.bad}) b (line, problem)
where b.problem is not null
"""  # noqa: S608 - the project's own text


def _cells(sheet: Sheet) -> Iterator[Check]:
    for column in sheet.columns:
        cases = " ".join(f"when {bad} then {text}" for bad, text in problems(sheet, column))
        if cases:
            yield Check(
                sheet,
                column.name,
                f"select line, case {cases} end from {sheet.staged} where whole",  # noqa: S608 - as above
            )


def _twice(sheet: Sheet) -> Check:
    key = ", ".join(sheet.key)
    value = " || ', ' || ".join(shown(f"s.{name}") for name in sheet.key)
    return Check(
        sheet,
        sheet.key[-1],
        f"select s.line, 'stands on line ' || d.first || ' already: ' || {value}"  # noqa: S608 - as above
        f" from {sheet.staged} s join (select {key}, min(line) as first from {sheet.staged}"
        f" where whole group by {key} having count(*) > 1) d using ({key})"
        " where s.whole and s.line > d.first",
    )


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that names the key of a row of another sheet, or of one that is stored."""

    sheet: Sheet
    column: str
    target: Sheet
    own: str
    key: str
    noun: str
    fold: bool = False

    @property
    def check(self) -> Check:
        """Return the check that there is such a row."""
        cell = f"lower(s.{self.column})" if self.fold else f"s.{self.column}"
        absent = " and ".join(
            f"not exists (select from {table} t where t.{self.key} = {cell})"
            for table in (self.target.staged, self.own)
        )
        problem = f"'is not the {self.key} of any {self.noun}: ' || {shown('s.' + self.column)}"
        return Check(
            self.sheet,
            self.column,
            f"select s.line, {problem} from {self.sheet.staged} s"  # noqa: S608 - as above
            f" where s.whole and {cell} is not null and {absent}",
        )


REFERENCES: Final = (
    Reference(PARTIES, "manager_email", USERS, "own_user", "email", "user", fold=True),
    Reference(HOLDINGS, "party_reference", PARTIES, "own_party", "reference", "party"),
    Reference(HOLDINGS, "product_number", PRODUCTS, "own_product", "number", "product"),
)

_NAMED_GROUPS: Final = (
    "staged_user s cross join lateral (select distinct btrim(g) as name"
    " from string_to_table(s.groups, ';') g where btrim(g) <> '') n"
)
_RELATIONS: Final = (
    Check(
        USERS,
        "groups",
        "select s.line, 'is not a group of the organisation: '"  # noqa: S608 - as above
        f" || string_agg({shown('n.name')}, ', ' order by n.name) from {_NAMED_GROUPS}"
        " where s.whole and not exists (select from own_group g where g.name = n.name)"
        " group by s.line",
    ),
    Check(
        USERS,
        "client_access",
        f"select distinct s.line, '{ClientAccess.OWN} does not go with a group that gives"  # noqa: S608 - as above
        f" {Permission.USER_ADMIN}' from {_NAMED_GROUPS} join own_group g on g.name = n.name"
        f" where s.whole and s.client_access = '{ClientAccess.OWN}'"
        f" and '{Permission.USER_ADMIN}' = any(g.permissions)",
    ),
    Check(
        HOLDINGS,
        "started_on",
        "select s.line, 'is after the end that is stored, ' || h.ended_on || ': ' || s.started_on"  # noqa: S608 - as above
        " from own_holding h join own_party p on p.id = h.party_id"
        " join own_product q on q.id = h.product_id join staged_holding s"
        " on s.party_reference = p.reference and s.product_number = q.number"
        " where s.whole and s.ended_on is null and h.ended_on is not null"
        f" and case when {is_day('s.started_on')} then h.ended_on < s.started_on::date end",
    ),
)


def checks_of(sheet: Sheet, unjudged: Collection[Sheet]) -> list[Check]:
    """Return the checks of a sheet; references to sheets whose keys are not all known are left."""
    references = (ref for ref in REFERENCES if ref.sheet is sheet and ref.target not in unjudged)
    relations = (check for check in _RELATIONS if check.sheet is sheet)
    return [*_cells(sheet), _twice(sheet), *(ref.check for ref in references), *relations]


# Of a cell that several checks refuse, the first word counts.
_FETCH: Final = """
select sheet, line, name, problem, count(*) over () as total from (
  select distinct on (sheet, line, position, name) * from bad_row
  order by sheet, line, position, name, id) b
order by sheet, line, position, id limit $1
"""


async def bad_rows(connection: asyncpg.Connection) -> tuple[list[BadRow], int]:
    """Return what is bad, in the order of the files, and how much more there is than that."""
    found = await connection.fetch(_FETCH, MOST_BAD_ROWS)
    rows = [
        BadRow(SHEETS[row["sheet"]].name, row["line"], row["name"], row["problem"]) for row in found
    ]
    return rows, (found[0]["total"] - len(rows)) if found else 0
