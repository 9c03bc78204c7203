// The colours of the editors: those of GraphiQL, in our blue and dark enough or light enough to read.
const COLOURS = {
  dark: { base: "vs-dark", ground: "#212a3b", accent: "#9db8ff", shade: "#9db8ff22", argument: "#b3aeff", comment: "#95c486" },
  light: { base: "vs", ground: "#ffffff", accent: "#1d4ed8", shade: "#1d4ed817", argument: "#5350b0", comment: "#00701a" },
} as const;

const NAMES = { dark: "offboarding-dark", light: "offboarding-light" };

// GraphiQL loads the editor the same way; the themes are there before its first use.
void import("monaco-graphql/esm/monaco-editor.js").then(({ editor }) => {
  for (const [name, { base, ground, accent, shade, argument, comment }] of Object.entries(COLOURS)) {
    const accents = ["textLink.foreground", "list.highlightForeground", "editorSuggestWidget.selectedForeground", "focusBorder"];
    const grounds = ["editorHoverWidget.background", "menu.background", "editorSuggestWidget.background", "quickInput.background", "editorWidget.background"];
    const shades = ["list.hoverBackground", "editorSuggestWidget.selectedBackground", "toolbar.hoverBackground", "quickInputList.focusBackground", "menu.selectionBackground"];
    const colors = { "editor.background": "#ffffff00", "scrollbar.shadow": "#ffffff00", "menu.selectionForeground": accent };
    const all = (keys: string[], colour: string) => Object.fromEntries(keys.map((key) => [key, colour]));
    editor.defineTheme(NAMES[name as keyof typeof NAMES], {
      base,
      inherit: true,
      colors: { ...colors, ...all(accents, accent), ...all(grounds, ground), ...all(shades, shade) },
      rules: [
        { token: "argument.identifier.gql", foreground: argument },
        { token: "comment", foreground: comment },
      ],
    });
  }
});

export const editorTheme = NAMES;
