// Tables as files and for the clipboard.
import type { Value } from "./lists";

export type Table = readonly (readonly Value[])[];

// A spreadsheet takes a cell that begins so for a formula and runs it; also in full width.
const FORMULA = /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/;

/** Return a value as text that no spreadsheet takes for a formula. */
function harmless(value: Value): string {
  if (typeof value !== "string") return value === null ? "" : String(value);
  return FORMULA.test(value) ? `'${value}` : value;
}

function quoted(text: string, special: RegExp): string {
  return special.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csvOf(table: Table): string {
  return table.map((row) => row.map((value) => quoted(harmless(value), /[",\r\n]/)).join(",") + "\r\n").join("");
}

/** Return a table as spreadsheets take it from the clipboard. */
export function tsvOf(table: Table): string {
  return table.map((row) => row.map((value) => quoted(harmless(value), /["\t\r\n]/)).join("\t")).join("\n");
}

/** Return a table as an Excel workbook; each text is a text in it, whatever it begins with. */
export async function xlsxOf(table: Table): Promise<Blob> {
  const { default: write } = await import("write-excel-file/universal");
  const cells = table.map((row, number) =>
    row.map((value) => {
      if (value === null || value === "") return null;
      const type = typeof value === "number" ? Number : typeof value === "boolean" ? Boolean : String;
      return { value, type, ...(number === 0 && { fontWeight: "bold" as const }) };
    }),
  );
  return write(cells as never, { stickyRowsCount: 1 } as never).toBlob();
}

/** Offer a file for download. */
export function save(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
