// Who is signed in, and what the server offers.
export interface Viewer {
  user: { id: string; name: string; email: string };
  organisation: { name: string };
  permissions: string[];
  clientAccess: "OPEN" | "OWN";
  openTaskCount: number;
}

/** What the ready queries are about: something of each sort that the viewer sees. */
export interface Samples {
  party: string | null;
  active: string | null;
  offboarding: string | null;
}

/** What differs between servers. */
export interface Offers {
  /** One can be anybody, and the data is invented. */
  demo: boolean;
  /** There is a way to sign in with a browser. */
  signIn: boolean;
  /** The browser has a session. */
  signedIn: boolean;
  /** There is a page of the letters that were sent. */
  mail: boolean;
}

export interface Session {
  viewer: Viewer;
  samples: Samples;
}

const WHO = `{
  viewer {
    user { id name email } organisation { name } permissions clientAccess openTaskCount
  }
}`;

const SAMPLES = `{
  pending: clientFile { parties(first: 1, filter: { offboardingState: [PENDING] }) { nodes { reference } } }
  active: clientFile { parties(first: 1, filter: { offboardingState: [NONE] }) { nodes { id reference } } }
  offboardings(first: 1, orderBy: { field: UPDATED_AT, direction: DESC }) { nodes { id } }
}`;

async function ask<T>(query: string): Promise<T | null> {
  const response = await fetch("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ query }),
  });
  if (response.status === 401) return null;
  const answer = await response.json();
  return answer.data ?? null;
}

interface Found {
  pending: { parties: { nodes: { reference: string }[] } };
  active: { parties: { nodes: { id: string; reference: string }[] } };
  offboardings: { nodes: { id: string }[] };
}

/** Return who is signed in; null for nobody. */
export async function session({ signedIn }: Offers): Promise<Session | null> {
  if (!signedIn) return null;
  const who = await ask<{ viewer: Viewer }>(WHO);
  if (!who) return null;
  // Who may not read the client file still gets the page.
  const found = await ask<Found>(SAMPLES);
  const active = found?.active.parties.nodes[0];
  const samples = {
    party: found?.pending.parties.nodes[0]?.reference ?? active?.reference ?? null,
    active: active?.id ?? null,
    offboarding: found?.offboardings.nodes[0]?.id ?? null,
  };
  return { viewer: who.viewer, samples };
}

/** Return what the server offers. */
export async function offers(): Promise<Offers> {
  const response = await fetch("/explore.json");
  return response.json();
}

/** Where to sign in, to come back here. */
export function signInAddress(): string {
  return `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;
}
