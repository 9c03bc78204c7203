import { explorerPlugin } from "@graphiql/plugin-explorer";
import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { pick, ToolbarButton, useGraphiQL } from "@graphiql/react";
import { GraphiQL } from "graphiql";
import type { ExecutionResult, GraphQLSchema } from "graphql";
import { useEffect, useMemo, useState } from "react";
import { Answer } from "./answer";
import { fetcher } from "./fetcher";
import { readyPlugin, textOf } from "./ready-plugin";
import type { Ready } from "./ready";
import { addressOf, sharedQuery } from "./share";
import { storage } from "./storage";
import { editorTheme } from "./theme";

const answers = new EventTarget();
const ask = fetcher((_params, answer) => answers.dispatchEvent(new CustomEvent("answer", { detail: answer })));
const explorer = explorerPlugin({ showAttribution: false });

/** Lets long lines go on in the next one, which a phone needs most. */
function WrapLines() {
  const { queryEditor } = useGraphiQL(pick("queryEditor"));
  useEffect(() => queryEditor?.updateOptions({ wordWrap: "on" }), [queryEditor]);
  return null;
}

/** Puts the id of an offboarding that was just started into the variable that waits for it. */
function GoOn() {
  const { variableEditor } = useGraphiQL(pick("variableEditor"));
  useEffect(() => {
    const go = (event: Event) => {
      const { data } = (event as CustomEvent<ExecutionResult>).detail;
      const started = Object.values(data ?? {}).find((field) => (field as { offboarding?: unknown } | null)?.offboarding);
      const id = (started as { offboarding: { id?: string } } | undefined)?.offboarding.id;
      try {
        const variables = JSON.parse(variableEditor?.getValue() || "{}");
        if (id && variables.offboarding === "") variableEditor?.setValue(textOf({ ...variables, offboarding: id }));
      } catch {
        // Whoever wrote what is no JSON knows better.
      }
    };
    answers.addEventListener("answer", go);
    return () => answers.removeEventListener("answer", go);
  }, [variableEditor]);
  return null;
}

function ShareButton() {
  const { queryEditor, variableEditor } = useGraphiQL(pick("queryEditor", "variableEditor"));
  const [copied, setCopied] = useState(false);
  const share = async () => {
    const query = queryEditor?.getValue() ?? "";
    await navigator.clipboard.writeText(addressOf({ query, variables: variableEditor?.getValue() ?? "" }));
    setCopied(true);
    setTimeout(() => setCopied(false), 4_000);
  };
  return (
    <>
      <ToolbarButton onClick={share} label="Copy an address that opens this query">
        <svg className="graphiql-toolbar-icon" viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" aria-hidden="true">
          <path d="M8.5 11.5a3.2 3.2 0 0 0 4.6 0l2.5-2.5a3.25 3.25 0 0 0-4.6-4.6l-1 1M11.5 8.5a3.2 3.2 0 0 0-4.6 0L4.4 11A3.25 3.25 0 0 0 9 15.6l1-1" />
        </svg>
      </ToolbarButton>
      <span role="status" className="shared">{copied ? "The address is copied." : ""}</span>
    </>
  );
}

interface Props {
  schema: GraphQLSchema;
  queries: readonly Ready[];
  mayExport: boolean;
  byToken: boolean;
}

/** GraphiQL with the ready queries in its tabs and the answer as a table. */
export function Explore({ schema, queries, mayExport, byToken }: Props) {
  const shared = useMemo(sharedQuery, []);
  const plugins = useMemo(() => [readyPlugin(queries), explorer, HISTORY_PLUGIN], [queries]);
  const tabs = useMemo(
    () => [...(shared ? [shared] : []), ...queries.map(({ query, variables }) => ({ query, variables: textOf(variables) }))],
    [shared, queries],
  );
  // What is in the editor of variables at first is asked for apart from the first tab.
  const stored = storage.getItem("graphiql:tabState") !== null;
  const variables = shared?.variables ?? (stored ? undefined : tabs[0]?.variables);
  return (
    <GraphiQL
      fetcher={ask}
      schema={schema}
      storage={storage}
      editorTheme={editorTheme}
      plugins={plugins}
      defaultTabs={tabs}
      initialQuery={shared?.query}
      initialVariables={variables}
      initialHeaders={byToken ? '{\n  "Authorization": "Bearer "\n}' : undefined}
      defaultEditorToolsVisibility={byToken ? "headers" : "variables"}
      showPersistHeadersSettings={false}
      shouldPersistHeaders={false}
    >
      <GraphiQL.Logo>
        <GoOn />
        <WrapLines />
      </GraphiQL.Logo>
      <GraphiQL.Toolbar>
        {({ prettify, merge, copy }) => (
          <>
            {prettify}
            {merge}
            {copy}
            <ShareButton />
          </>
        )}
      </GraphiQL.Toolbar>
      <GraphiQL.Footer>
        <Answer mayExport={mayExport} byToken={byToken} />
      </GraphiQL.Footer>
    </GraphiQL>
  );
}
