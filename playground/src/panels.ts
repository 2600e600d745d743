// Shows what is known of the prompt at the cursor.

import type { Finding, Look, PromptAnswer, Request, Row } from "./answers";
import { byId, copyButton, fill, h, plural } from "./dom";
import { openRule } from "./rule";

export interface Actions {
  fix(finding: Finding, start: number): void;
  useMeant(answer: PromptAnswer, start: number): void;
  line(position: number): string;
  go(position: number): void;
}

export function showPrompt(look: Look, actions: Actions): void {
  const { prompt, start } = look;
  const which = look.count > 1 ? `prompt ${look.number + 1} of ${look.count.toLocaleString("en")}, at the cursor` : "";
  fill("which", which);
  showFindings(prompt, start, actions);
  showReading(prompt);
  showMeant(prompt, start, actions);
  showRequest(prompt);
  showPrice(prompt);
}

function showFindings(prompt: PromptAnswer, start: number, actions: Actions): void {
  if (!prompt.text.trim()) {
    fill("findings", h("p", { class: "note" }, "There is no prompt here yet."));
    return;
  }
  if (!prompt.findings.length) {
    fill("findings", h("p", { class: "good" }, "Nothing to report: there are no legacy video flags in this prompt."));
    return;
  }
  fill("findings", h("ol", { class: "findings" }, ...prompt.findings.map((each) => findingItem(each, start, actions))));
}

function findingItem(finding: Finding, start: number, actions: Actions): HTMLElement {
  const { fix } = finding;
  const usable = fix && fix.applicability !== "display-only" && fix.edits.length > 0;
  const place = actions.line(start + finding.start);
  return h(
    "li",
    { class: `finding ${finding.severity}` },
    h(
      "p",
      { class: "head" },
      h("span", { class: "severity" }, finding.severity),
      h("a", { href: `../${finding.page}`, click: (event) => openRule(event, finding.page, finding.code) }, `${finding.code} ${finding.rule}`),
      h("button", { type: "button", class: "place", click: () => actions.go(start + finding.start), "aria-label": `Go to line and column ${place}` }, place),
    ),
    h("p", {}, ...marked(finding.message)),
    fix &&
      h(
        "p",
        { class: "fix" },
        usable
          ? h("button", { type: "button", class: "small", click: () => actions.fix(finding, start) }, `Fix: ${fix.title.replaceAll("`", "")}`)
          : h("span", {}, "Proposal: ", ...marked(fix.title)),
        usable && h("span", { class: "note" }, fix.applicability === "safe" ? "keeps the fields" : "changes what is read"),
      ),
  );
}

/** Return a message with its code spans as elements. */
export function marked(message: string): (Node | string)[] {
  return message.split(/`([^`]*)`/).map((part, index) => (index % 2 ? h("code", {}, part) : part));
}

function fields(rows: Row[]): HTMLElement {
  return h("dl", { class: "fields" }, ...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value || "(empty)")]));
}

function showReading({ reads, text }: PromptAnswer): void {
  if (!text.trim()) return fill("reads", h("p", { class: "note" }, "Nothing."));
  fill("reads", h("p", {}, h("strong", {}, reads.title), ". ", reads.says), ...reads.fields.map(fields));
}

function showMeant(prompt: PromptAnswer, start: number, actions: Actions): void {
  const { meant, status, text } = prompt;
  if (!text.trim()) return fill("meant", h("p", { class: "note" }, "Nothing."));
  if (!meant) {
    const says =
      status === "refused"
        ? "flaglift does not guess: no fix makes this prompt certain. The findings say what to decide."
        : "The same, as far as flaglift can tell.";
    return fill("meant", h("p", {}, says));
  }
  fill(
    "meant",
    h("pre", { class: "prompt", tabindex: 0, "aria-label": "The prompt after all fixes" }, meant.text),
    meant.same
      ? h("p", {}, "The fields stay the same.")
      : meant.fields.length > 0 && fields(meant.fields),
    meant.left.length > 0 && h("p", { class: "note" }, "Still to decide: ", ...meant.left.flatMap((each, index) => [index ? "; " : "", ...marked(each)])),
    h("p", {}, h("button", { type: "button", class: "primary", click: () => actions.useMeant(prompt, start) }, "Use this text")),
  );
}

const FORMS: [keyof Request, string][] = [
  ["fields", "Fields"],
  ["form", "Form"],
  ["json", "JSON"],
  ["curl", "curl"],
  ["python", "Python"],
];
let chosen: keyof Request = "fields";

function showRequest(prompt: PromptAnswer): void {
  if (!prompt.requests.length) {
    const refused = prompt.status === "refused" && prompt.text.trim();
    const says = refused ? "Refused: this prompt can be read in two ways or not at all, so nothing is translated." : "Nothing.";
    return fill("request", h("p", { class: refused ? "" : "note" }, says));
  }
  const { requests } = prompt;
  const several = requests.length > 1;
  const text = (form: keyof Request): string =>
    requests.map((each) => (form === "fields" ? each.fields.map(([n, v]) => `${n}\t${v}`).join("\n") : (each[form] as string))).join("\n\n");
  const tabs = FORMS.map(([form, label]) =>
    h(
      "button",
      {
        type: "button", role: "tab", id: `tab-${form}`, "aria-controls": "request-panel",
        "aria-selected": form === chosen, tabindex: form === chosen ? 0 : -1, click: () => select(form),
      },
      label,
    ),
  );
  for (const tab of tabs) tab.setAttribute("aria-selected", String(tab.id === `tab-${chosen}`));
  const select = (form: keyof Request): void => {
    chosen = form;
    showRequest(prompt);
    byId(`tab-${form}`).focus();
  };
  const list = h("div", { role: "tablist", "aria-label": "Form of the request" }, ...tabs);
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const index = FORMS.findIndex(([form]) => form === chosen);
    select(FORMS[(index + step + FORMS.length) % FORMS.length]![0]);
    event.preventDefault();
  });
  const body =
    chosen === "fields"
      ? requests.map((each, index) => h("div", {}, several && h("h3", {}, `Keyframe ${index + 1}`), fields(each.fields)))
      : [h("pre", { tabindex: 0, "aria-label": "The request" }, text(chosen))];
  const says = prompt.status === "unchanged" ? "There are no flags in it: the text is the image prompt." : "";
  fill(
    "request",
    says && h("p", {}, says),
    h("div", { class: "bar" }, list, copyButton("Copy", () => text(chosen))),
    h("div", { role: "tabpanel", id: "request-panel", "aria-labelledby": `tab-${chosen}` }, ...body),
  );
}

function showPrice({ prices, text }: PromptAnswer): void {
  if (!prices.length) {
    const says = text.trim() ? "Not known: no video is read for certain, or the catalog has no price for it." : "Nothing.";
    return fill("price", h("p", { class: "note" }, says));
  }
  fill(
    "price",
    ...prices.map((price) =>
      h(
        "div",
        {},
        h("p", {}, h("strong", { class: "amount" }, price.cents), ` for ${plural(price.seconds, "second")} of `, h("code", {}, price.model)),
        h("p", { class: "note" }, `Base price: ${price.base}, so ${price.per_second} a second`, price.is_default ? "; no length is given, so the usual one counts. " : ". ",
          price.assumed && `This is ${price.assumed}. `, price.source),
      ),
    ),
  );
}
