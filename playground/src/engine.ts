// The page's side of the worker: questions and answers, and what to check if it does not start.

import type { Ask, Word } from "./worker";

/** The folder of all files but the page, and those that must come with a certain type. */
const folder = new URL(document.querySelector<HTMLScriptElement>("script[src]")!.src.replace(/[^/]*$/, "")).href;
const TYPES: Record<string, RegExp> = {
  "worker.js": /javascript/,
  "pyodide.mjs": /javascript/,
  "pyodide.asm.mjs": /javascript/,
  "pyodide.asm.wasm": /^application\/wasm/,
  "python_stdlib.zip": /./,
};
const SILENCE = 15_000;
const PATIENCE = 5_000;

/** The answer to questions that were given up. */
export const STOPPED = "stopped";

export interface EngineStatus {
  state: "loading" | "ready" | "problem";
  says: string;
  /** Between 0 and 1. */
  share: number;
  /** What to check, one sentence each. */
  checks: string[];
}

export interface Reply {
  answer: any;
  files: { name: string; bytes: Uint8Array<ArrayBuffer> }[];
}

export class Engine {
  private worker!: Worker;
  private asked = new Map<number, (reply: Reply) => void>();
  private next = 0;
  private timer = 0;
  /** How many words the worker has said: what is found out about a silence holds until the next one. */
  private heard = 0;
  private shown = "";

  constructor(private readonly onStatus: (status: EngineStatus) => void) {
    this.start();
  }

  /** Return the answer to a question; while Python loads, it waits. */
  ask(method: string, request: object, file?: File): Promise<Reply> {
    const ask: Ask = { id: this.next++, method, request: JSON.stringify(request) };
    return new Promise((resolve) => {
      this.asked.set(ask.id, resolve);
      if (file) void this.askAbout(file, ask);
      else this.worker.postMessage(ask);
    });
  }

  /** Ask once the file is in memory, unless the question is given up by then. */
  private async askAbout(file: File, ask: Ask): Promise<void> {
    try {
      const content = await file.arrayBuffer();
      if (this.asked.has(ask.id)) this.worker.postMessage({ ...ask, file: content }, [content]);
    } catch (error) {
      this.asked.get(ask.id)?.({ answer: { error: `The browser cannot read it: ${error}` }, files: [] });
      this.asked.delete(ask.id);
    }
  }

  /** Give up what is being worked on, and begin again with a new worker. */
  restart(): void {
    this.worker.terminate();
    this.heard++;
    const asked = [...this.asked.values()];
    this.asked.clear();
    this.start();
    for (const resolve of asked) resolve({ answer: { error: STOPPED }, files: [] });
  }

  private start(): void {
    if (location.protocol === "file:") {
      this.fail("The playground needs a web server.", [
        "Browsers do not run it from files. In this folder, start one with: python -m http.server",
      ]);
    }
    // A worker that is made from a blob is bound by the policy of this page: it cannot connect to
    // any other server either. One that is loaded by its address would have none.
    const source = `import ${JSON.stringify(`${folder}worker.js`)};`;
    const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    this.worker = new Worker(address, { type: "module" });
    this.worker.onmessage = (event: MessageEvent<Word>) => this.hear(event.data);
    this.worker.onerror = (event) => void this.explain(event.message || "The worker does not start.");
    this.watch();
  }

  private hear(word: Word): void {
    this.heard++;
    if ("id" in word) {
      const resolve = this.asked.get(word.id);
      this.asked.delete(word.id);
      resolve?.({ answer: JSON.parse(word.answer), files: word.files });
    } else if ("problem" in word) {
      clearTimeout(this.timer);
      if (word.problem === "policy") {
        this.fail("This server does not let the page run WebAssembly.", [
          "Its Content-Security-Policy header must allow 'wasm-unsafe-eval' in script-src.",
          word.says,
        ]);
      } else void this.explain(word.says);
    } else if ("ready" in word) {
      clearTimeout(this.timer);
      this.show({ state: "ready", says: "Ready", share: 1, checks: [] });
    } else {
      this.show({ state: "loading", says: word.stage, share: word.share, checks: [] });
      this.watch();
    }
  }

  private watch(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.explainSilence(), SILENCE);
  }

  /** Look again after each silence: a server that did not answer may only have been busy. */
  private async explainSilence(): Promise<void> {
    const heard = this.heard;
    await this.explain("Python has not started yet.");
    if (this.heard === heard) this.watch();
  }

  /** Tell the page what it has not been told yet, so that screen readers do not repeat it. */
  private show(status: EngineStatus): void {
    const told = JSON.stringify(status);
    if (told !== this.shown) this.onStatus(status);
    this.shown = told;
  }

  private fail(says: string, checks: string[]): void {
    this.show({ state: "problem", says, share: 0, checks });
  }

  /** Look at what the server sends, because a wrong type makes Python hang without a word. */
  private async explain(says: string): Promise<void> {
    clearTimeout(this.timer);
    if (location.protocol === "file:") return; // there is no server, and it is said already
    const heard = this.heard;
    const checks: string[] = [];
    for (const [name, type] of Object.entries(TYPES)) {
      try {
        const response = await fetch(folder + name, { method: "HEAD", signal: AbortSignal.timeout(PATIENCE) });
        const sent = response.headers.get("content-type") ?? "no type";
        if (!response.ok) checks.push(`${name}: the server answers ${response.status}.`);
        else if (!type.test(sent)) checks.push(`${name}: the server sends it as ${sent}, not as ${wanted(name)}.`);
      } catch {
        checks.push(`${name}: the server does not answer.`);
      }
    }
    if (!checks.length) {
      checks.push(
        "The server sends all files as it should. On a slow connection, wait: 7 MB is loaded once.",
        "If nothing happens, reload the page; the browser's console may say more.",
      );
    }
    if (this.heard === heard) this.fail(says, checks);
  }
}

function wanted(name: string): string {
  return name.endsWith(".wasm") ? "application/wasm" : "text/javascript";
}
