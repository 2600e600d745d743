/** The documents that the server is told of: those that `flaglift check` reads. */

export interface Filter {
  readonly scheme: string;
  readonly language?: string;
  readonly pattern?: string;
}

/** The endings of files, whatever language they are taken for: other extensions have names of their own. */
const SUFFIXES = [
  "bash", "cjs", "csv", "cts", "env", "go", "htm", "html", "http", "ipynb", "js", "json", "json5", "jsonc", "jsonl", "jsx",
  "markdown", "md", "mdx", "mjs", "mts", "ndjson", "php", "prompt", "py", "pyi", "rake", "rb", "rest", "sh", "sql", "svelte",
  "toml", "ts", "tsv", "tsx", "txt", "vue", "yaml", "yml",
];

/** The languages of what has no such name: scripts, new documents, and the cells of notebooks. */
const LANGUAGES = [
  "csv", "dockercompose", "dotenv", "github-actions-workflow", "go", "html", "http", "javascript", "javascriptreact", "json",
  "json5", "jsonc", "jsonl", "markdown", "mdx", "php", "plaintext", "python", "ruby", "shellscript", "sql", "svelte", "toml",
  "tsv", "typescript", "typescriptreact", "vue", "yaml",
];

const SCHEMES = ["file", "untitled", "vscode-notebook-cell"];

export const SELECTOR: readonly Filter[] = [
  { scheme: "file", pattern: `**/*.{${SUFFIXES.join(",")}}` },
  { scheme: "file", pattern: "**/.env.*" },
  ...LANGUAGES.flatMap((language) => SCHEMES.map((scheme) => ({ language, scheme }))),
];
