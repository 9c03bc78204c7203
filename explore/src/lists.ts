// The lists in an answer, as tables: the columns are what was selected, whatever the rows hold.
import { Kind, type DocumentNode, type FieldNode, type FragmentDefinitionNode, type SelectionSetNode } from "graphql";

export type Path = readonly string[];

export interface List {
  name: string;
  rows: readonly unknown[];
  columns: readonly Path[];
}

/** What a cell of a table holds. */
export type Value = string | number | boolean | null;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((within, key) => (isObject(within) ? within[key] : undefined), value);
}

/** Return the lists of an answer, outermost first; a list within a row of another is a cell of it. */
export function listsOf(data: unknown, document?: DocumentNode, operation?: string): List[] {
  const found: List[] = [];
  const walk = (value: unknown, path: Path): void => {
    if (Array.isArray(value)) {
      const rows = value.filter((row) => row !== null);
      const name = (path.at(-1) === "nodes" ? path.slice(0, -1) : path).join(".");
      found.push({ name, rows, columns: columnsOf(rows, path, document, operation) });
    } else if (isObject(value)) {
      for (const [key, within] of Object.entries(value)) walk(within, [...path, key]);
    }
  };
  walk(data, []);
  return found;
}

function columnsOf(rows: readonly unknown[], path: Path, document?: DocumentNode, operation?: string): Path[] {
  const selected = document && selectionAt(document, operation, path);
  if (selected) {
    const columns = [...leaves(selected.sets, selected.fragments, rows, [])];
    // The document may have been edited since it was run.
    if (columns.length && rows.every((row) => isObject(row) && columns.some(([key]) => key! in row))) return columns;
  }
  const columns = new Map<string, Path>();
  for (const row of rows) for (const column of keysOf(row, [])) columns.set(column.join("."), column);
  return [...columns.values()];
}

function* keysOf(value: unknown, path: Path): Generator<Path> {
  if (!isObject(value)) yield path;
  else for (const [key, within] of Object.entries(value)) yield* keysOf(within, [...path, key]);
}

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** Return the fields of selection sets by their keys in the answer, fragments resolved. */
function fieldsOf(sets: readonly SelectionSetNode[], fragments: Fragments, seen = new Set<string>()): Map<string, FieldNode[]> {
  const fields = new Map<string, FieldNode[]>();
  const add = (key: string, nodes: FieldNode[]) => fields.set(key, [...(fields.get(key) ?? []), ...nodes]);
  for (const { selections } of sets)
    for (const node of selections) {
      if (node.kind === Kind.FIELD) {
        add(node.alias?.value ?? node.name.value, [node]);
        continue;
      }
      const name = node.kind === Kind.FRAGMENT_SPREAD ? node.name.value : null;
      if (name !== null && seen.has(name)) continue;
      if (name !== null) seen.add(name);
      const set = node.kind === Kind.INLINE_FRAGMENT ? node.selectionSet : fragments.get(node.name.value)?.selectionSet;
      if (set) for (const [key, nodes] of fieldsOf([set], fragments, seen)) add(key, nodes);
    }
  return fields;
}

function setsOf(nodes: readonly FieldNode[]): SelectionSetNode[] {
  return nodes.flatMap((node) => node.selectionSet ?? []);
}

function selectionAt(document: DocumentNode, operation: string | undefined, path: Path) {
  const fragments = new Map<string, FragmentDefinitionNode>();
  let sets: SelectionSetNode[] | null = null;
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
    else if (definition.kind === Kind.OPERATION_DEFINITION && (!operation || definition.name?.value === operation))
      sets ??= [definition.selectionSet];
  }
  for (const key of path) sets = sets && setsOf(fieldsOf(sets, fragments).get(key) ?? []);
  return sets?.length ? { sets, fragments } : null;
}

function* leaves(sets: readonly SelectionSetNode[], fragments: Fragments, rows: readonly unknown[], path: Path): Generator<Path> {
  for (const [key, nodes] of fieldsOf(sets, fragments)) {
    const place = [...path, key];
    const within = setsOf(nodes);
    if (within.length === 0 || rows.some((row) => Array.isArray(at(row, place)))) yield place;
    else yield* leaves(within, fragments, rows, place);
  }
}

/** Return a value as a cell shows it; a list within a row as its values, one thing after the other. */
export function cellOf(row: unknown, column: Path): Value {
  const value = at(row, column);
  if (value === undefined || value === null) return null;
  if (typeof value === "object") return textOf(value);
  return value as Value;
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join("; ");
  if (isObject(value)) return Object.values(value).filter((within) => within !== null).map(textOf).join(" · ");
  return value === null ? "" : String(value);
}

const collator = new Intl.Collator(undefined, { numeric: true });

/** Return the order of two cells; what is not there comes last. */
export function compare(left: Value, right: Value): number {
  if (left === null || right === null) return Number(left === null) - Number(right === null);
  if (typeof left === "number" && typeof right === "number") return left - right;
  return collator.compare(String(left), String(right));
}
