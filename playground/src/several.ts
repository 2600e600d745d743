// All prompts of the text box: counts, and those to look at.

import type { SurveyAnswer } from "./answers";
import { download, fill, h, plural } from "./dom";
import type { Editor } from "./editor";
import type { Engine } from "./engine";
import type { Shown } from "./link";
import { openRule } from "./rule";

export function showSurvey(answer: SurveyAnswer, engine: Engine, shown: () => Shown, editor: Editor): void {
  const { statuses, total, done } = answer;
  const finished = done === total;
  const fixAll = async (unsafe: boolean): Promise<void> => {
    const doc = editor.doc;
    const reply = (await engine.ask("fix_all", { ...shown(), unsafe })).answer;
    if (editor.doc === doc && reply.edits.length) editor.change(reply.edits);
  };
  const save = async (): Promise<void> => {
    const reply = (await engine.ask("answers", shown())).answer;
    download("answers.jsonl", reply.content);
  };
  fill(
    "survey",
    h("p", { id: "survey-said" },
      finished ? `${plural(total, "prompt")}: ` : `${done.toLocaleString("en")} of ${plural(total, "prompt")}: `,
      outcomes(statuses), answer.price && `; ${answer.price} for ${plural(answer.priced, "video")} of known price`),
    h("div", { class: "buttons" },
      h("button", { type: "button", class: "small", disabled: !finished, click: () => void fixAll(false) }, "Apply all safe fixes"),
      h("button", { type: "button", class: "small", disabled: !finished, click: () => void fixAll(true) }, "Apply all fixes"),
      h("button", { type: "button", class: "small", disabled: !finished, click: () => void save() }, "Download the answers (JSONL)")),
    answer.rules.length > 0 && ruleTable(answer),
    answer.rows.length > 0 && h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Prompts with warnings or errors" },
      h("table", {},
        h("caption", {}, answer.rows.length === 100 ? "The first 100 prompts with warnings or errors" : "Prompts with warnings or errors"),
        h("thead", {}, h("tr", {}, ...["Prompt", "Text", "Findings"].map((each) => h("th", { scope: "col" }, each)))),
        h("tbody", {}, ...answer.rows.map((row) =>
          h("tr", {},
            h("td", {}, h("button", { type: "button", class: "place", click: () => editor.go(row.start) }, `${row.number}`)),
            h("td", {}, row.text),
            h("td", { class: row.severity }, row.codes.join(", "))))))),
  );
}

export function outcomes(statuses: Record<string, number>): string {
  const names: [string, string][] = [["translated", "translated"], ["unchanged", "without flags"], ["refused", "refused"]];
  return names.filter(([key]) => statuses[key]).map(([key, name]) => `${statuses[key]!.toLocaleString("en")} ${name}`).join(", ");
}

function ruleTable(answer: SurveyAnswer): HTMLElement {
  return h("table", {},
    h("caption", {}, "Findings by rule"),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Rule"), h("th", { scope: "col", class: "number" }, "Findings"))),
    h("tbody", {}, ...answer.rules.map((each) =>
      h("tr", {},
        h("td", {}, h("a", { href: `../${each.page}`, click: (event) => openRule(event, each.page, each.code) }, `${each.code} ${each.rule}`)),
        h("td", { class: "number" }, each.count.toLocaleString("en"))))));
}
