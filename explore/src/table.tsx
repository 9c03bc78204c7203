import { useMemo, useState } from "react";
import { csvOf, save, tsvOf, xlsxOf, type Table } from "./files";
import { cellOf, compare, type List } from "./lists";

// From so many characters on, a text is broken into lines.
const LONG = 60;

interface Sort {
  column: number;
  descending: boolean;
}

/** A list of an answer as a table: sorted by a click on a column, copied or saved as it is shown. */
export function ListTable({ list }: { list: List }) {
  const [sort, setSort] = useState<Sort | null>(null);
  const [told, tell] = useState("");
  const heads = list.columns.map((column) => column.join(".") || "value");
  const rows = useMemo(() => {
    const cells = list.rows.map((row) => list.columns.map((column) => cellOf(row, column)));
    if (sort === null || sort.column >= list.columns.length) return cells;
    const sign = sort.descending ? -1 : 1;
    // What is not there stays last, whichever way.
    return cells.sort((a, b) => {
      const [left, right] = [a[sort.column] ?? null, b[sort.column] ?? null];
      return left === null || right === null ? compare(left, right) : sign * compare(left, right);
    });
  }, [list, sort]);
  const table: Table = [heads, ...rows];
  const file = `${list.name.split(".").at(-1) || "answer"}`;

  const turn = (column: number) =>
    setSort((now) =>
      now?.column !== column ? { column, descending: false } : now.descending ? null : { column, descending: true },
    );
  const copy = async () => {
    await navigator.clipboard.writeText(tsvOf(table));
    tell(`Copied ${rows.length} rows.`);
  };

  return (
    <>
      <div className="answer-actions">
        <span className="answer-count">
          {rows.length} {rows.length === 1 ? "row" : "rows"}
        </span>
        <button type="button" onClick={copy}>Copy</button>
        <button type="button" onClick={() => save(`${file}.csv`, new Blob([csvOf(table)], { type: "text/csv" }))}>CSV</button>
        <button type="button" onClick={async () => save(`${file}.xlsx`, await xlsxOf(table))}>Excel</button>
        <span role="status" className="answer-told">{told}</span>
      </div>
      <div className="answer-scroll" tabIndex={0} role="region" aria-label={`Table of ${list.name}`}>
        <table>
          <thead>
            <tr>
              {heads.map((head, column) => {
                const sorted = sort?.column === column ? (sort.descending ? "descending" : "ascending") : undefined;
                return (
                  <th key={head} scope="col" aria-sort={sorted}>
                    <button type="button" onClick={() => turn(column)}>
                      {head}
                      <span aria-hidden="true">{sorted ? (sorted === "ascending" ? " ↑" : " ↓") : ""}</span>
                    </button>
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, number) => (
              <tr key={number}>
                {row.map((value, column) => (
                  <td key={column} className={typeof value === "number" ? "number" : String(value).length > LONG ? "long" : undefined}>
                    {value === null ? "" : String(value)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        {rows.length === 0 && <p className="answer-empty">There is nothing in this list.</p>}
      </div>
    </>
  );
}
