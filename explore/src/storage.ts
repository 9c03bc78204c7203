// What the browser keeps: open tabs, history and the look, for one person and until they sign out.
const OWNER = "explore:owner";

let closed = false;

function wipe(): void {
  localStorage.clear();
  sessionStorage.clear();
}

/** Forget everything, and keep nothing any more: what runs on cannot write it back. */
export function close(): void {
  closed = true;
  wipe();
}

/** Keep things for a person; what another one left behind is forgotten first. */
export function openFor(owner: string): void {
  if (localStorage.getItem(OWNER) !== owner) wipe();
  localStorage.setItem(OWNER, owner);
  // Signed out in another tab of this browser: nothing of it may stay on screen here either.
  addEventListener("storage", (event) => {
    if (event.key === null || (event.key === OWNER && event.newValue !== owner)) location.reload();
  });
}

/** The storage that GraphiQL is given. */
export const storage = {
  getItem: (key: string) => localStorage.getItem(key),
  setItem: (key: string, value: string) => {
    if (!closed) localStorage.setItem(key, value);
  },
  removeItem: (key: string) => localStorage.removeItem(key),
  clear: () => localStorage.clear(),
  get length() {
    return localStorage.length;
  },
};
