import "graphql-voyager/dist/voyager.css";
import "./page.css";
import { buildSchema, type GraphQLSchema } from "graphql";
import { Voyager } from "graphql-voyager";
import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { Bar } from "./bar";
import { mendPicture } from "./mend";
import { offers as offersOf, session as sessionOf, type Offers, type Session } from "./session";

interface Start {
  session: Session | null;
  offers: Offers;
  schema: GraphQLSchema;
}

async function start(): Promise<Start> {
  const sdl = fetch("/schema.graphql").then((response) => response.text());
  const offers = await offersOf();
  const [session, text] = await Promise.all([sessionOf(offers), sdl]);
  return { session, offers, schema: buildSchema(text) };
}

function Page() {
  const [started, setStarted] = useState<Start | null>(null);
  useEffect(() => {
    void start().then(setStarted);
  }, []);
  return (
    started && (
      <>
        <Bar here="schema" viewer={started.session?.viewer ?? null} offers={started.offers} />
        <main className="picture" aria-label="Picture of the schema">
          <a className="sdl" href="/schema.graphql" download="schema.graphql">schema.graphql</a>
          <Voyager introspection={started.schema} hideVoyagerLogo displayOptions={{ skipRelay: true, sortByAlphabet: false }} />
        </main>
      </>
    )
  );
}

mendPicture();
createRoot(document.getElementById("root")!).render(<Page />);
