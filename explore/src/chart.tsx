import { useId } from "react";
import { at, cellOf, type List, type Path } from "./lists";

interface Bar {
  label: string;
  count: number;
}

const NAMES: Record<string, string> = {
  byStatus: "By status",
  byResolution: "By resolution",
  byAssignee: "By assignee",
  ageInDays: "Age of those not done, in days",
};

/** Whether a list counts something, so that it can be drawn. */
export function counts(list: List): boolean {
  return list.columns.some((column) => column.at(-1) === "count" && column.length === 1) && list.columns.length > 1;
}

function barsOf(list: List): Bar[] {
  const others = list.columns.filter((column) => column.join(".") !== "count");
  return list.rows.map((row) => ({ label: labelOf(row, others), count: Number(at(row, ["count"])) }));
}

function labelOf(row: unknown, columns: readonly Path[]): string {
  const from = at(row, ["fromDays"]);
  if (typeof from === "number") {
    const to = at(row, ["toDays"]);
    return typeof to === "number" ? `${from}–${to} days` : `over ${from - 1} days`;
  }
  const parts = columns.map((column) => cellOf(row, column)).filter((value) => value !== null);
  const text = parts.join(" · ") || "nobody";
  // Members of enums are read more easily as words.
  return /^[A-Z][A-Z_]+$/.test(text) ? text.charAt(0) + text.slice(1).toLowerCase().replaceAll("_", " ") : text;
}

const ROW = 34;
const LABEL = 150;
const WIDTH = 560;
const END = 56;

function BarChart({ list }: { list: List }) {
  const title = useId();
  const name = list.name.split(".").at(-1) ?? list.name;
  const bars = barsOf(list);
  const most = Math.max(1, ...bars.map((bar) => bar.count));
  const heading = NAMES[name] ?? name;
  return (
    <figure className="chart">
      <figcaption id={title}>{heading}</figcaption>
      {bars.length === 0 && <p className="answer-empty">There is nothing to count.</p>}
      <svg viewBox={`0 0 ${WIDTH} ${Math.max(1, bars.length) * ROW}`} role="img" aria-labelledby={title}>
        {bars.map((bar, number) => {
          const width = Math.max(2, ((WIDTH - LABEL - END) * bar.count) / most);
          const y = number * ROW;
          return (
            <g key={number}>
              <text x={LABEL - 12} y={y + ROW / 2} className="chart-label">
                {bar.label.length > 20 ? `${bar.label.slice(0, 19)}…` : bar.label}
              </text>
              <rect x={LABEL} y={y + 6} width={width} height={ROW - 12} rx={4} className="chart-bar" />
              <text x={LABEL + width + 8} y={y + ROW / 2} className="chart-count">{bar.count}</text>
            </g>
          );
        })}
      </svg>
      <table className="for-readers">
        <caption>{heading}</caption>
        <thead>
          <tr>
            <th scope="col">{heading}</th>
            <th scope="col">Number</th>
          </tr>
        </thead>
        <tbody>
          {bars.map((bar, number) => (
            <tr key={number}>
              <th scope="row">{bar.label}</th>
              <td>{bar.count}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}

interface Quantiles {
  median?: number | null;
  p90?: number | null;
}

function Tiles({ data }: { data: unknown }) {
  const found = Object.values((data ?? {}) as Record<string, unknown>).find((value) => at(value, ["daysToDone"]) || at(value, ["total"]) !== undefined);
  const days = at(found, ["daysToDone"]) as Quantiles | null | undefined;
  const total = at(found, ["total"]);
  const tiles: [string, string][] = [];
  if (typeof total === "number") tiles.push(["Offboardings", String(total)]);
  if (typeof days?.median === "number") tiles.push(["Days to Done, median", days.median.toFixed(1)]);
  if (typeof days?.p90 === "number") tiles.push(["Days to Done, nine of ten", days.p90.toFixed(1)]);
  if (tiles.length === 0) return null;
  return (
    <dl className="tiles">
      {tiles.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The lists of an answer that count something, as bars, each with its table for screen readers. */
export function Charts({ lists, data }: { lists: readonly List[]; data: unknown }) {
  return (
    <div className="answer-scroll charts" tabIndex={0} role="region" aria-label="Chart of the answer">
      <Tiles data={data} />
      {lists.map((list) => (
        <BarChart key={list.name} list={list} />
      ))}
    </div>
  );
}
