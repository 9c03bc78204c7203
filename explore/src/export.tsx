import { Kind, valueFromASTUntyped, type DocumentNode, type FieldNode, type SelectionSetNode } from "graphql";
import { useEffect, useRef, useState } from "react";
import { save } from "./files";

const LISTS = { parties: "Parties", products: "Products", offboardings: "Offboardings", activity: "Log" } as const;
const FORMATS = { csv: "CSV", xlsx: "Excel", ndjson: "JSON lines" } as const;

type ListName = keyof typeof LISTS;
type FormatName = keyof typeof FORMATS;
type Parameters = [name: string, value: string][];

export interface Wanted {
  list: ListName;
  parameters: Parameters;
}

/** Return the list that a query asks for, with its filter as parameters of an export. */
export function wantedBy(document: DocumentNode | undefined, operation: string | undefined, variables: Record<string, unknown>): Wanted {
  const definition = document?.definitions.find(
    (d) => d.kind === Kind.OPERATION_DEFINITION && (!operation || d.name?.value === operation),
  );
  const field = definition?.kind === Kind.OPERATION_DEFINITION ? fieldIn(definition.selectionSet) : null;
  if (!field) return { list: "parties", parameters: [] };
  const parameters: Parameters = [];
  for (const argument of field.arguments ?? []) {
    const value = valueFromASTUntyped(argument.value, variables);
    if (argument.name.value === "filter") parameters.push(...flat(value, []));
    else if (argument.name.value === "includeOffboarded" && value !== undefined) parameters.push(["includeOffboarded", String(value)]);
    else if (argument.name.value === "orderBy" && typeof value === "object" && value !== null) {
      const { field, direction } = value as Record<string, string>;
      if (field) parameters.push(["orderBy", field]);
      if (direction) parameters.push(["direction", direction]);
    }
  }
  return { list: field.name.value as ListName, parameters };
}

function fieldIn({ selections }: SelectionSetNode): FieldNode | null {
  for (const node of selections) {
    if (node.kind !== Kind.FIELD) continue;
    if (node.name.value in LISTS) return node;
    if (node.name.value === "clientFile" && node.selectionSet) return fieldIn(node.selectionSet);
  }
  return null;
}

function flat(value: unknown, path: string[]): Parameters {
  if (value === null || value === undefined || value === "") return [];
  if (Array.isArray(value)) return value.flatMap((item) => flat(item, path));
  if (typeof value === "object") return Object.entries(value).flatMap(([key, within]) => flat(within, [...path, key]));
  return [[path.join("."), String(value)]];
}

interface Progress {
  rows: number;
  total: number | null;
}

/** Fetch a file piece by piece, and tell how far it is; the rows of a workbook cannot be counted. */
async function download(address: string, format: FormatName, signal: AbortSignal, told: (progress: Progress) => void): Promise<Blob> {
  const response = await fetch(address, { signal });
  if (!response.ok) {
    const answer = await response.json().catch(() => null);
    throw new Error(answer?.errors?.[0]?.message ?? `The server answered ${response.status}.`);
  }
  const total = Number(response.headers.get("x-total-count"));
  const parts: BlobPart[] = [];
  let rows = format === "csv" ? -1 : 0;
  for await (const part of response.body as unknown as AsyncIterable<Uint8Array<ArrayBuffer>>) {
    parts.push(part);
    if (format !== "xlsx") for (const byte of part) if (byte === 10) rows += 1;
    told({ rows: Math.min(Math.max(rows, 0), total), total: format === "xlsx" ? null : total });
  }
  return new Blob(parts, { type: response.headers.get("content-type") ?? "" });
}

const NUMBER = new Intl.NumberFormat("en");

/** The dialog that exports all rows of a list. */
export function ExportDialog({ wanted, close }: { wanted: Wanted; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const running = useRef<AbortController | null>(null);
  const [list, setList] = useState<ListName>(wanted.list);
  const [format, setFormat] = useState<FormatName>("csv");
  const [filtered, setFiltered] = useState(wanted.parameters.length > 0);
  const [progress, setProgress] = useState<Progress | null>(null);
  const [told, tell] = useState("");

  useEffect(() => {
    dialog.current?.showModal();
    return () => running.current?.abort();
  }, []);

  const parameters = filtered && list === wanted.list ? wanted.parameters : [];
  const start = async () => {
    running.current = new AbortController();
    setProgress({ rows: 0, total: null });
    tell("");
    try {
      const address = `/export/${list}.${format}?${new URLSearchParams(parameters)}`;
      const file = await download(address, format, running.current.signal, setProgress);
      save(`${list}-${new Date().toISOString().slice(0, 10)}.${format}`, file);
      tell("The file is complete.");
    } catch (error) {
      tell(running.current.signal.aborted ? "Stopped; no file was kept." : `No file: ${(error as Error).message}`);
    }
    running.current = null;
    setProgress(null);
  };

  return (
    <dialog ref={dialog} className="export" aria-labelledby="export-title" onClose={close}>
      <form method="dialog">
        <h2 id="export-title">Export all rows</h2>
        <p>All pages in one file, as of one moment. It is noted in the log.</p>
        <label>
          List
          <select value={list} onChange={(event) => setList(event.target.value as ListName)} disabled={progress !== null}>
            {Object.entries(LISTS).map(([name, title]) => <option key={name} value={name}>{title}</option>)}
          </select>
        </label>
        <label>
          Format
          <select value={format} onChange={(event) => setFormat(event.target.value as FormatName)} disabled={progress !== null}>
            {Object.entries(FORMATS).map(([name, title]) => <option key={name} value={name}>{title}</option>)}
          </select>
        </label>
        {wanted.parameters.length > 0 && list === wanted.list && (
          <label className="export-filter">
            <input type="checkbox" checked={filtered} onChange={(event) => setFiltered(event.target.checked)} disabled={progress !== null} />
            <span>
              Only what the query asks for: <code>{wanted.parameters.map(([name, value]) => `${name}=${value}`).join(" ")}</code>
            </span>
          </label>
        )}
        {progress && (
          <div className="export-progress">
            <progress aria-label="Progress of the export" {...(progress.total !== null && { value: progress.rows, max: Math.max(1, progress.total) })} />
            <span>
              {progress.total === null ? "The file is being put together …" : `${NUMBER.format(progress.rows)} of ${NUMBER.format(progress.total)} rows`}
            </span>
          </div>
        )}
        <p role="status" className="export-told">{told}</p>
        <div className="export-buttons">
          <button type="submit">Close</button>
          {progress ? (
            <button type="button" className="primary" onClick={() => running.current?.abort()}>Stop</button>
          ) : (
            <button type="button" className="primary" onClick={start}>Export</button>
          )}
        </div>
      </form>
    </dialog>
  );
}
