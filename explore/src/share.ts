// A query in an address: `?query=&variables=`.
export interface Shared {
  query: string;
  variables: string;
}

/** Return the query that the page was opened with. It is shown; nothing of it runs by itself. */
export function sharedQuery(): Shared | null {
  const parameters = new URLSearchParams(location.search);
  const query = parameters.get("query");
  return query === null ? null : { query, variables: parameters.get("variables") ?? "" };
}

/** Return the address of a query with its variables. */
export function addressOf({ query, variables }: Shared): string {
  const address = new URL("/", location.href);
  address.searchParams.set("query", query);
  if (variables.trim()) address.searchParams.set("variables", variables);
  return address.href;
}
