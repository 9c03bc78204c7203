// How the page asks: with the session, or with headers set by hand.
import type { Fetcher, FetcherParams } from "@graphiql/toolkit";
import { getOperationAST, parse, type ExecutionResult, type OperationDefinitionNode } from "graphql";
import { createClient } from "graphql-ws";

type Headers = Record<string, string>;

/** Return the operation that is meant, if the document is one. */
function operationOf({ query, operationName }: FetcherParams): OperationDefinitionNode | null {
  try {
    const document = parse(query);
    // Just after a change of tabs the name is still that of the other one.
    return getOperationAST(document, operationName) ?? getOperationAST(document) ?? null;
  } catch {
    return null; // the server says what is wrong with it
  }
}

async function post(params: FetcherParams, headers: Headers): Promise<ExecutionResult> {
  const response = await fetch("/graphql", {
    method: "POST",
    headers: { accept: "application/json", ...headers, "content-type": "application/json" },
    body: JSON.stringify(params),
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`The server answered ${response.status}: ${text.slice(0, 500) || "nothing"}`);
  }
}

/** Follow a subscription over a websocket; it comes back by itself when the line was lost. */
function follow(params: FetcherParams, headers: Headers): AsyncIterable<ExecutionResult> {
  const address = new URL("/graphql", location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const authorization = Object.entries(headers).find(([name]) => name.toLowerCase() === "authorization")?.[1];
  const client = createClient({
    url: address.href,
    connectionParams: authorization ? { authorization } : undefined,
  });
  const { query, variables, operationName } = params;
  return client.iterate({ query, variables, operationName }) as AsyncIterable<ExecutionResult>;
}

/** Return what GraphiQL asks through; `told` hears each answer to what was asked by hand. */
export function fetcher(told: (params: FetcherParams, answer: ExecutionResult) => void): Fetcher {
  return async (params, options) => {
    const headers: Headers = options?.headers ?? {};
    const operation = operationOf(params);
    const meant = operation ? { ...params, operationName: operation.name?.value } : params;
    if (operation?.operation === "subscription") return follow(meant, headers);
    const answer = await post(meant, headers);
    told(meant, answer);
    return answer;
  };
}
