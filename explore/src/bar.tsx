import { useEffect, useRef, useState, type ReactNode } from "react";
import { signInAddress, type Offers, type Viewer } from "./session";
import { close } from "./storage";

const ACCESS = { OPEN: "All clients of the organisation", OWN: "Own clients only" };

function words(permission: string): string {
  return permission.charAt(0) + permission.slice(1).toLowerCase().replaceAll("_", " ");
}

/** Who one is, in which organisation, and how to be another one or nobody. */
function Identity({ viewer, offers, leave }: { viewer: Viewer; offers: Offers; leave: () => void }) {
  const [open, setOpen] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (!place.current?.contains(event.target as Node)) setOpen(false);
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      setOpen(false);
      button.current?.focus();
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    document.addEventListener("keydown", escape);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
      document.removeEventListener("keydown", escape);
    };
  }, [open]);

  return (
    <div className="identity" ref={place}>
      <button ref={button} type="button" className="identity-button" aria-expanded={open} aria-controls="identity-card" onClick={() => setOpen(!open)}>
        <span className="identity-face" aria-hidden="true">{initials(viewer.user.name)}</span>
        <span className="identity-name">
          <b>{viewer.user.name}</b>
          <small>{viewer.organisation.name}</small>
        </span>
      </button>
      <div id="identity-card" className="identity-card" hidden={!open}>
        <p>
          <b>{viewer.user.name}</b>
          <br />
          {viewer.user.email}
          <br />
          {viewer.organisation.name}
        </p>
        <p>
          {ACCESS[viewer.clientAccess]} · {viewer.openTaskCount} open {viewer.openTaskCount === 1 ? "task" : "tasks"}
        </p>
        <ul>
          {viewer.permissions.map((permission) => <li key={permission}>{words(permission)}</li>)}
        </ul>
        <div className="identity-ways">
          {offers.demo && <a className="button" href={signInAddress()}>Switch user</a>}
          <form method="post" action="/sign-out" onSubmit={leave}>
            <button type="submit">Sign out</button>
          </form>
        </div>
      </div>
    </div>
  );
}

function initials(name: string): string {
  const parts = name.split(/\s+/).filter(Boolean);
  return [parts[0], parts.length > 1 ? parts.at(-1) : ""].map((part) => [...(part ?? "")][0] ?? "").join("").toUpperCase();
}

interface Place {
  here: "explore" | "schema";
  viewer: Viewer | null;
  offers: Offers;
  /** Takes off the screen what runs on and might write down what it shows. */
  unmount?: () => void;
}

/** The bar at the top of each page. */
export function Bar({ here, viewer, offers, unmount }: Place): ReactNode {
  const leave = () => {
    unmount?.();
    close();
  };
  const current = (place: string) => (place === here ? "page" : undefined);
  return (
    <header className="bar">
      <a className="brand" href="/" aria-label="Offboarding">
        <img src="/icon.svg" alt="" width="28" height="28" />
        <span>Offboarding</span>
      </a>
      <nav aria-label="Pages">
        <a href="/" aria-current={current("explore")}>Explore</a>
        <a href="/schema" aria-current={current("schema")}>Schema</a>
        {offers.mail && <a href="/mail">Letters</a>}
      </nav>
      {viewer ? (
        <Identity viewer={viewer} offers={offers} leave={leave} />
      ) : (
        offers.signIn && <a className="button primary" href={signInAddress()}>Sign in</a>
      )}
    </header>
  );
}
