// Mends what keeps screen readers out of the components of others, on screen as it comes and goes.
type Mend = (element: HTMLElement) => void;

/** Keep on mending whatever matches a selector. */
function mend(mends: Record<string, Mend>): void {
  const all = () => {
    for (const [selector, change] of Object.entries(mends))
      for (const element of document.querySelectorAll<HTMLElement>(selector)) change(element);
  };
  const watched = { subtree: true, childList: true, attributeFilter: ["aria-selected", "role", "class"] };
  new MutationObserver(all).observe(document.body, watched);
  all();
}

/** GraphiQL's tabs: each is a tab with two buttons in it, where no button may be. */
export function mendTabs(): void {
  mend({
    "ul.graphiql-tabs[role=tablist]": (list) => list.setAttribute("role", "list"),
    "li.graphiql-tab[aria-selected]": (item) => {
      const current = item.getAttribute("aria-selected") === "true";
      item.setAttribute("role", "listitem");
      item.removeAttribute("aria-selected");
      const button = item.querySelector(".graphiql-tab-button");
      if (current) button?.setAttribute("aria-current", "true");
      else button?.removeAttribute("aria-current");
    },
    "#graphiql-session[role=tabpanel]": (panel) => panel.setAttribute("role", "group"),
  });
}

/** The picture's buttons and fields that say what they are for by their looks only. */
export function mendPicture(): void {
  mend({
    ".eye-button:not([aria-label])": (button) => {
      const type = button.parentElement?.querySelector(".type-name")?.textContent ?? "it";
      button.setAttribute("aria-label", `Show ${type} in the picture`);
    },
    ".picture [role=combobox]:not([aria-label])": (field) => field.setAttribute("aria-label", "Root of the picture"),
    ".picture input:not([aria-label]):not([type=checkbox])": (field) => field.setAttribute("aria-label", "Search the schema"),
  });
}
