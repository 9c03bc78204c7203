// Builds the pages into ../static: hashed names, each file compressed in two ways, and a list of the
// licences of all that was bundled. The same sources give the same bytes.
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const STATIC = resolve(import.meta.dirname, "../static");
const modules = new Set<string>();

/** Remembers which packages are in the bundle, also in those of the workers. */
function remember(): Plugin {
  return {
    name: "remember",
    generateBundle(_options, bundle) {
      for (const chunk of Object.values(bundle))
        if (chunk.type === "chunk") for (const id of chunk.moduleIds) modules.add(id);
    },
  };
}

function packageOf(id: string): string | null {
  const inside = id.replaceAll("\\", "/").match(/^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//);
  return inside ? inside[1]! : null;
}

function licenceOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : `Licence: ${license}`;
  return `${name} ${version} (${license})\n\n${text}`;
}

/** Writes licences.txt and compresses every file, once all is written. */
function finish(): Plugin {
  return {
    name: "finish",
    closeBundle() {
      const folders = new Set([...modules].map(packageOf).filter((f) => f !== null));
      const bundled = [...folders].filter((f) => existsSync(join(f, "package.json")));
      const notes = readFileSync(resolve(import.meta.dirname, "notices.txt"), "utf8").trim();
      const texts = [...new Set(bundled.map(licenceOf))].sort();
      writeFileSync(join(STATIC, "licences.txt"), [notes, ...texts].join(`\n\n${"-".repeat(80)}\n\n`) + "\n");
      for (const entry of readdirSync(STATIC, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const path = join(entry.parentPath, entry.name);
        const bytes = readFileSync(path);
        const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
        writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }));
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
        rmSync(path);
      }
    },
  };
}

export default defineConfig({
  base: "/",
  publicDir: "public",
  plugins: [remember(), finish()],
  worker: { format: "es", plugins: () => [remember()] },
  build: {
    outDir: STATIC,
    emptyOutDir: true,
    assetsDir: "assets",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 4000,
    modulePreload: { polyfill: false },
    target: "es2022",
    rollupOptions: {
      // Marks for servers that render React; there is none.
      checks: { moduleLevelDirective: false },
      input: {
        index: resolve(import.meta.dirname, "index.html"),
        schema: resolve(import.meta.dirname, "schema.html"),
      },
    },
  },
});
