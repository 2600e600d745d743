// Runs Python, in a thread of its own: asks come in, and are answered one after another.

import type { PyodideInterface } from "pyodide";

/** The files next to this one that Python imports from; written in by the build. */
declare const ARCHIVES: string[];

export interface Ask {
  id: number;
  method: string;
  request: string;
  /** What is in the file that the question is about. */
  file?: ArrayBuffer;
}

export type Word =
  | { stage: string; share: number }
  | { ready: true }
  | { problem: "policy" | "failed"; says: string }
  | { id: number; answer: string; files: { name: string; bytes: Uint8Array<ArrayBuffer> }[] };

const here = new URL(".", import.meta.url).href;
const say = (word: Word): void => postMessage(word);

function policyAllows(): string {
  try {
    new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
    return "";
  } catch (error) {
    return String(error);
  }
}

async function start(): Promise<(ask: Ask) => void> {
  say({ stage: "Loading Python", share: 0.1 });
  const { loadPyodide } = (await import(/* @vite-ignore */ `${here}pyodide.mjs`)) as typeof import("pyodide");
  const archives = Promise.all(
    ARCHIVES.map(async (name) => {
      const response = await fetch(here + name);
      if (!response.ok) throw new Error(`${name}: the server answers ${response.status}`);
      return response.arrayBuffer();
    }),
  );
  const python: PyodideInterface = await loadPyodide({ indexURL: here });
  say({ stage: "Loading flaglift", share: 0.6 });
  // Where Python looks from every folder, not only from the one it starts in.
  const extractDir = python.runPython("import site; site.getsitepackages()[0]") as string;
  for (const archive of await archives) python.unpackArchive(archive, "zip", { extractDir });
  say({ stage: "Starting flaglift", share: 0.8 });
  const answers = python.pyimport("answers");
  const answer = answers.answer as (method: string, request: string) => string;
  answer("about", "{}");
  return (ask) => {
    const { FS } = python;
    let said: string;
    try {
      if (ask.file) FS.writeFile("/tmp/given", new Uint8Array(ask.file));
      said = answer(ask.method, ask.request);
    } catch (error) {
      said = JSON.stringify({ error: `This is a bug in the playground: ${error}` });
    }
    const paths = (JSON.parse(said) as { files?: string[] }).files ?? [];
    const files = paths.map((path) => ({
      name: path.replace(/.*\//, ""),
      bytes: FS.readFile(path) as Uint8Array<ArrayBuffer>,
    }));
    say({ id: ask.id, answer: said, files });
  };
}

const refused = policyAllows();
if (refused) {
  say({ problem: "policy", says: refused });
} else {
  const waiting: Ask[] = [];
  let handle = (ask: Ask): void => void waiting.push(ask);
  onmessage = (event: MessageEvent<Ask>) => handle(event.data);
  start().then(
    (ready) => {
      handle = ready;
      say({ ready: true });
      waiting.forEach(ready);
    },
    (error: unknown) => say({ problem: "failed", says: String(error) }),
  );
}
