// The answer beside its JSON: as a table, as a chart, or whole as a file.
import { pick, useGraphiQL } from "@graphiql/react";
import { useMemo, useState } from "react";
import { Charts, counts } from "./chart";
import { ExportDialog, wantedBy, type Wanted } from "./export";
import { listsOf } from "./lists";
import { ListTable } from "./table";

type View = "json" | "table" | "chart";

function parsed(text: string | null | undefined): { data?: unknown } {
  try {
    return JSON.parse(text || "{}");
  } catch {
    return {};
  }
}

const SIGN_IN = "Sign in to export from here; with a token, curl can.";
const PERMISSION = "This needs the permission CLIENT_FILE_EXPORT; ask an administrator for it.";

const VIEWS: [View, string][] = [
  ["json", "JSON"],
  ["table", "Table"],
  ["chart", "Chart"],
];

/** What stands in the pane of the answer: the choice of views, the export, and the view chosen. */
export function Answer({ mayExport, byToken }: { mayExport: boolean; byToken: boolean }) {
  const { tabs, activeTabIndex, documentAST, operationName, variableEditor } = useGraphiQL(
    pick("tabs", "activeTabIndex", "documentAST", "operationName", "variableEditor"),
  );
  const [view, setView] = useState<View>("json");
  const [chosen, choose] = useState("");
  const [exported, setExported] = useState<Wanted | null>(null);
  const response = tabs[activeTabIndex]?.response;
  const { data } = useMemo(() => parsed(response), [response]);
  const lists = useMemo(() => listsOf(data, documentAST ?? undefined, operationName ?? undefined), [data, documentAST, operationName]);
  const counting = lists.filter(counts);
  const list = lists.find((candidate) => candidate.name === chosen) ?? lists[0];
  const possible = { json: true, table: list !== undefined, chart: counting.length > 0 };
  const shown = possible[view] ? view : "json";

  const openExport = () => {
    const variables = parsed(variableEditor?.getValue()) as Record<string, unknown>;
    setExported(wantedBy(documentAST ?? undefined, operationName ?? undefined, variables));
  };

  return (
    <div className="answer" data-view={shown}>
      <div className="answer-bar">
        <div role="group" aria-label="Show the answer as" className="answer-views">
          {VIEWS.map(([name, title]) => (
            <button key={name} type="button" aria-pressed={shown === name} disabled={!possible[name]} onClick={() => setView(name)}>
              {title}
            </button>
          ))}
        </div>
        {shown === "table" && lists.length > 1 && (
          <select aria-label="List" value={list?.name} onChange={(event) => choose(event.target.value)}>
            {lists.map(({ name }) => <option key={name}>{name}</option>)}
          </select>
        )}
        <button
          type="button"
          className="answer-export"
          onClick={openExport}
          disabled={!mayExport}
          title={mayExport ? "All rows of a list as a file" : byToken ? SIGN_IN : PERMISSION}
        >
          Export all …
        </button>
      </div>
      {shown === "table" && list && <ListTable key={list.name} list={list} />}
      {shown === "chart" && <Charts lists={counting} data={data} />}
      {exported && <ExportDialog wanted={exported} close={() => setExported(null)} />}
    </div>
  );
}
