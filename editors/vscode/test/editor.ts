/** As much of the module `vscode` as the extension and its client use: what it was told is kept. */

import Module from "node:module";

type Listener = (event: unknown) => unknown;

export interface Document {
  readonly uri: Uri;
  readonly languageId: string;
  readonly version: number;
  getText(): string;
}

class Uri {
  readonly scheme: string;
  readonly fsPath: string;
  constructor(private readonly text: string) {
    this.scheme = text.slice(0, text.indexOf(":"));
    this.fsPath = text.replace(/^file:\/\//, "");
  }
  static readonly parse = (text: string): Uri => new Uri(text);
  static readonly file = (path: string): Uri => new Uri(`file://${path}`);
  toString(): string {
    return this.text;
  }
}

class Position {
  constructor(readonly line: number, readonly character: number) {}
}

class EventEmitter {
  private readonly listeners: Listener[] = [];
  readonly event = (listener: Listener): { dispose(): void } => {
    this.listeners.push(listener);
    return { dispose: () => {} };
  };
  fire(event: unknown): void {
    this.listeners.forEach((listener) => listener(event));
  }
  dispose(): void {}
}

class CancellationTokenSource {
  readonly token = { isCancellationRequested: false, onCancellationRequested: new EventEmitter().event };
  cancel(): void {}
  dispose(): void {}
}

class Disposable {
  static readonly from = (): Disposable => new Disposable(() => {});
  constructor(readonly dispose: () => unknown) {}
}

class CodeActionKind {
  static readonly Empty = new CodeActionKind("");
  constructor(readonly value: string) {}
  append(part: string): CodeActionKind {
    return new CodeActionKind([this.value, part].filter(Boolean).join("."));
  }
}

export class Editor {
  readonly log: string[] = [];
  readonly status: Record<string, unknown> = {};
  readonly messages: string[] = [];
  readonly commands = new Map<string, () => unknown>();
  readonly documents: Document[] = [];
  readonly listeners = new Map<string, Listener[]>();
  active: unknown;
  copied = "";

  /** `settings` are those of the section `flaglift`. */
  constructor(readonly settings: Record<string, unknown>) {}

  /** Open a document and show it with the cursor in its first line. */
  show(address: string, languageId: string, text: string): void {
    const document = { uri: new Uri(address), languageId, version: 1, getText: () => text };
    this.documents.push(document);
    this.active = { document, selection: { active: new Position(0, 3) } };
  }

  /** Load a program for which this editor is `vscode`. */
  load<T>(program: string): T {
    const loader = Module as unknown as { _load: (name: string, ...rest: unknown[]) => unknown };
    const load = loader._load;
    const api = this.api();
    loader._load = (name, ...rest) => (name === "vscode" ? api : load.call(Module, name, ...rest));
    delete require.cache[program];
    try {
      return require(program) as T;
    } finally {
      loader._load = load;
    }
  }

  /** Tell the listeners of an event that it happened. */
  async fire(name: string, event: unknown): Promise<void> {
    await Promise.all((this.listeners.get(name) ?? []).map((listener) => listener(event)));
  }

  private api(): object {
    const say = (line: unknown): void => void this.log.push(String(line));
    const channel = { append: say, appendLine: say, info: say, warn: say, error: say, debug: say, trace: say };
    const message = async (text: string): Promise<void> => void this.messages.push(text);
    const shown = (): unknown => this.active;
    const given: Record<string, unknown> = {
      workspace: this.events({
        isTrusted: true,
        textDocuments: this.documents,
        notebookDocuments: [],
        getConfiguration: (section?: string) => this.configuration(section),
        createFileSystemWatcher: () => this.events({}),
      }),
      window: this.events({
        createOutputChannel: () => this.events(channel),
        showErrorMessage: message,
        showWarningMessage: message,
        showInformationMessage: message,
        tabGroups: this.events({ all: [] }),
        visibleTextEditors: [],
        get activeTextEditor() {
          return shown();
        },
      }),
      languages: this.events({
        createLanguageStatusItem: () => this.status,
        createDiagnosticCollection: () => this.events({ set: () => {}, clear: () => {} }),
        match: () => 10,
      }),
      commands: this.events({
        registerCommand: (name: string, run: () => unknown) => {
          this.commands.set(name, run);
          return { dispose: () => this.commands.delete(name) };
        },
      }),
      env: {
        appName: "Visual Studio Code",
        language: "en",
        clipboard: { writeText: async (text: string) => void (this.copied = text) },
      },
      extensions: this.events({ getExtension: () => undefined, all: [] }),
      CancellationTokenSource,
      CodeActionKind,
      Disposable,
      EventEmitter,
      LanguageStatusSeverity: { Information: 0, Warning: 1, Error: 2 },
      Position,
      Uri,
      version: "1.91.0",
    };
    // Everything else is a class, or an enumeration whose values do not matter here.
    return new Proxy(given, {
      get: (known, name) => (typeof name === "string" ? (known[name] ??= class {}) : undefined),
    });
  }

  /** Return a part of the API: what is not given is an event, or registers what nobody asks. */
  private events(given: Record<string, unknown>): object {
    return new Proxy(given, {
      get: (known, name) => {
        if (typeof name !== "string" || name in known || !/^(on|register|dispose)/.test(name)) {
          return known[name as string];
        }
        return (listener: Listener): { dispose(): void } => {
          if (name.startsWith("on")) {
            this.listeners.set(name, [...(this.listeners.get(name) ?? []), listener]);
          }
          return { dispose: () => {} };
        };
      },
    });
  }

  private configuration(section?: string): object {
    const all: Record<string, unknown> = { flaglift: this.settings };
    const held = section === undefined ? all : section === "flaglift" ? this.settings : {};
    return {
      ...held,
      get: (name: string, otherwise?: unknown): unknown => held[name] ?? otherwise,
    };
  }
}
