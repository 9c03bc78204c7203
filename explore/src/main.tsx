import "./workers";
import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./page.css";
import { buildSchema, type GraphQLSchema } from "graphql";
import { useEffect, useMemo, useState } from "react";
import { createRoot } from "react-dom/client";
import { Bar } from "./bar";
import { Explore } from "./graphiql";
import { mendTabs } from "./mend";
import { readyQueries } from "./ready";
import { offers as offersOf, session as sessionOf, signInAddress, type Offers, type Session } from "./session";
import { close, openFor } from "./storage";

interface Start {
  session: Session | null;
  offers: Offers;
  schema: GraphQLSchema;
}

const NOTHING = { party: null, active: null, offboarding: null };

async function start(): Promise<Start> {
  const sdl = fetch("/schema.graphql").then((response) => response.text());
  const offers = await offersOf();
  const [session, text] = await Promise.all([sessionOf(offers), sdl]);
  if (session) openFor(session.viewer.user.id);
  else close();
  return { session, offers, schema: buildSchema(text) };
}

function Welcome({ offers, byToken }: { offers: Offers; byToken: () => void }) {
  return (
    <main className="welcome">
      <h1>Explore the client file</h1>
      <p>
        Ask about parties, products and their offboardings, see the answer as a table, and take it along as a file.
        {offers.demo && " This is the demo: everything in it is invented."}
      </p>
      {offers.signIn && <a className="button primary" href={signInAddress()}>Sign in</a>}
      <button type="button" onClick={byToken}>Use an API token instead</button>
    </main>
  );
}

function Page({ session, offers, schema }: Start) {
  const [left, setLeft] = useState(false);
  const [byToken, setByToken] = useState(false);
  const queries = useMemo(() => readyQueries(session?.samples ?? NOTHING, offers), [session, offers]);
  const mayExport = session?.viewer.permissions.includes("CLIENT_FILE_EXPORT") ?? false;
  return (
    <>
      <Bar here="explore" viewer={session?.viewer ?? null} offers={offers} unmount={() => setLeft(true)} />
      {left ? null : session || byToken ? (
        <main className="explore" aria-label="GraphiQL">
          <Explore schema={schema} queries={queries} mayExport={mayExport} byToken={byToken} />
        </main>
      ) : (
        <Welcome offers={offers} byToken={() => setByToken(true)} />
      )}
    </>
  );
}

function Starting() {
  const [started, setStarted] = useState<Start | null>(null);
  const [fault, setFault] = useState("");
  useEffect(() => {
    start().then(setStarted, (error: Error) => setFault(error.message));
  }, []);
  if (fault)
    return (
      <main className="welcome">
        <h1>The server cannot be reached</h1>
        <p>{fault}</p>
        <button type="button" onClick={() => location.reload()}>Try again</button>
      </main>
    );
  return started && <Page {...started} />;
}

mendTabs();
createRoot(document.getElementById("root")!).render(<Starting />);
