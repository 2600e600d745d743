// The text box: colours and findings come from Python, and move with the text until newer ones come.

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { type Diagnostic, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { type ChangeSpec, EditorState, StateEffect, StateField, type Text } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  drawSelection,
  EditorView,
  highlightSpecialChars,
  keymap,
  placeholder,
} from "@codemirror/view";
import type { Finding, Reading } from "./answers";

const setColours = StateEffect.define<DecorationSet>();

const colours = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(shown, transaction) {
    shown = shown.map(transaction.changes);
    for (const effect of transaction.effects) if (effect.is(setColours)) shown = effect.value;
    return shown;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const marks = new Map<string, Decoration>();
function mark(kind: string): Decoration {
  if (!marks.has(kind)) marks.set(kind, Decoration.mark({ class: `tok-${kind}` }));
  return marks.get(kind)!;
}

export class Editor {
  private readonly view: EditorView;

  constructor(parent: HTMLElement, text: string, nonce: string, onChange: (edited: boolean) => void) {
    this.view = new EditorView({
      parent,
      state: EditorState.create({
        doc: text,
        extensions: [
          EditorView.cspNonce.of(nonce),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": "Prompts", "aria-describedby": "promise", spellcheck: "false", tabindex: "0" }),
          highlightSpecialChars(),
          history(),
          drawSelection(),
          placeholder("Type or paste a prompt, or drop a file"),
          keymap.of([...defaultKeymap, ...historyKeymap, ...lintKeymap]),
          colours,
          EditorView.updateListener.of((update) => {
            if (update.docChanged || update.selectionSet || update.viewportChanged) onChange(update.docChanged);
          }),
        ],
      }),
    });
  }

  /** The text as it is now; another object after each edit. */
  get doc(): Text {
    return this.view.state.doc;
  }

  get text(): string {
    return this.doc.toString();
  }

  /** What can be seen, and where the cursor is, in code units. */
  get place(): { first: number; last: number; at: number } {
    const { from, to } = this.view.viewport;
    return { first: from, last: to, at: this.view.state.selection.main.head };
  }

  /** Colour prompts, and underline their findings. */
  show(readings: Reading[], act: (finding: Finding, start: number) => void): void {
    const { length } = this.doc;
    const ranges = [];
    const found: Diagnostic[] = [];
    for (const { start, tokens, findings } of readings) {
      for (const [from, to, kind] of tokens) {
        const end = Math.min(start + to, length);
        if (start + from < end) ranges.push(mark(kind).range(start + from, end));
      }
      for (const finding of findings) {
        // What only says that there are flags at all would underline all of them.
        if (finding.severity === "info" && finding.code === "FL001") continue;
        const { fix } = finding;
        found.push({
          from: Math.min(start + finding.start, length),
          to: Math.min(start + finding.end, length),
          severity: finding.severity,
          source: finding.code,
          message: finding.message,
          actions: fix && fix.edits.length && fix.applicability !== "display-only"
            ? [{ name: fix.title, apply: () => act(finding, start) }]
            : [],
        });
      }
    }
    this.view.dispatch({ effects: setColours.of(Decoration.set(ranges, true)) });
    this.view.dispatch(setDiagnostics(this.view.state, found));
  }

  /** Change the text, as one step that can be undone. */
  change(changes: ChangeSpec, focus = true): void {
    this.view.dispatch({ changes, userEvent: "input.fix" });
    if (focus) this.view.focus();
  }

  /** Put another text in the place of this one, with the cursor at its begin. */
  replace(text: string): void {
    this.view.dispatch({ changes: { from: 0, to: this.doc.length, insert: text }, selection: { anchor: 0 } });
  }

  go(position: number): void {
    this.view.dispatch({ selection: { anchor: position }, scrollIntoView: true });
    this.view.focus();
  }

  line(position: number): string {
    const line = this.doc.lineAt(Math.min(position, this.doc.length));
    return `${line.number}:${position - line.from + 1}`;
  }
}
