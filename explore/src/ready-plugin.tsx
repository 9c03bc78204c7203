import { pick, useGraphiQL, useGraphiQLActions, type GraphiQLPlugin } from "@graphiql/react";
import type { Ready } from "./ready";

/** Return the pane that lists the ready queries, for who has closed or changed one. */
export function readyPlugin(queries: readonly Ready[]): GraphiQLPlugin {
  function ReadyQueries() {
    const { addTab } = useGraphiQLActions();
    const { queryEditor, variableEditor } = useGraphiQL(pick("queryEditor", "variableEditor"));
    const open = ({ query, variables }: Ready) => {
      addTab();
      queryEditor?.setValue(query);
      variableEditor?.setValue(textOf(variables));
      queryEditor?.focus();
    };
    return (
      <section className="ready" aria-label="Ready queries">
        <h2>Ready queries</h2>
        <p>Each opens in a tab of its own and runs as it is.</p>
        <ul>
          {queries.map((ready) => (
            <li key={ready.title}>
              <button type="button" onClick={() => open(ready)}>
                <b>{ready.title}</b>
                <span>{ready.explanation}</span>
              </button>
            </li>
          ))}
        </ul>
      </section>
    );
  }
  return { title: "Ready queries", icon: ReadyIcon, content: ReadyQueries };
}

/** Return variables as the editor shows them. */
export function textOf(variables: Record<string, unknown>): string {
  return Object.keys(variables).length ? JSON.stringify(variables, null, 2) : "";
}

function ReadyIcon() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d="M6 4h12a1 1 0 0 1 1 1v15l-7-4-7 4V5a1 1 0 0 1 1-1Z" />
    </svg>
  );
}
