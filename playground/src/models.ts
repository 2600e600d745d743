// The table of models, to pick one from.

import type { ModelsAnswer } from "./answers";
import { byId, fill, h } from "./dom";
import type { Engine } from "./engine";
import type { Settings } from "./settings";

export function setUpModels(engine: Engine, settings: () => Settings, choose: (model: string) => Promise<void>): void {
  const number = (id: string): number | null => {
    const value = byId<HTMLInputElement>(id).valueAsNumber;
    return Number.isNaN(value) ? null : value;
  };
  let asked = 0;
  const ask = async (): Promise<void> => {
    const mine = ++asked;
    byId("model-table").ariaBusy = "true";
    const wanted = [...byId("capabilities").querySelectorAll<HTMLInputElement>("input:checked")].map((each) => each.value);
    const { answer } = await engine.ask("models", { settings: settings(), capabilities: wanted, seconds: number("seconds"), cents: number("cents") });
    if (mine !== asked) return;
    if (!answer.error) show(answer as ModelsAnswer, wanted);
    byId("model-table").ariaBusy = "false";
  };
  const show = (answer: ModelsAnswer, wanted: string[]): void => {
    const boxes = answer.capabilities.map(({ key, title }) =>
      h("label", { class: "check" }, h("input", { type: "checkbox", value: key, checked: wanted.includes(key) }), title));
    const fieldset = byId("capabilities");
    if (fieldset.dataset.edition !== answer.edition) {
      fieldset.dataset.edition = answer.edition;
      fieldset.replaceChildren(h("legend", {}, "Must support"), ...boxes);
      fieldset.hidden = !boxes.length;
    }
    const heads = ["Model", "Lengths", "Price", "A second", "Supports", ""];
    fill(
      "model-table",
      h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table of models" },
        h("table", {},
          h("caption", {}, `${answer.rows.length} of ${answer.total} models, the cheapest first. ${answer.source}`),
          h("thead", {}, h("tr", {}, ...heads.map((each, index) => h("th", { scope: "col", class: index === 2 || index === 3 ? "number" : "" }, each || h("span", { class: "unseen" }, "Use"))))),
          h("tbody", {}, ...answer.rows.map((row) =>
            h("tr", {},
              h("th", { scope: "row" }, h("code", {}, row.name)),
              h("td", {}, row.lengths),
              h("td", { class: "number", title: row.assumed }, row.price && `${row.price}${row.seconds ? ` for ${row.seconds} s` : ""}${row.assumed ? " *" : ""}`),
              h("td", { class: "number" }, row.per_second),
              h("td", { class: "note" }, row.capabilities.join(", ")),
              h("td", {}, h("button", { type: "button", class: "small", "aria-label": `Use ${row.name}`, click: () => void choose(row.name) }, "Use"))))))),
      answer.rows.some((row) => row.assumed) && h("p", { class: "note" }, `* ${answer.rows.find((row) => row.assumed)!.assumed}`),
    );
  };
  for (const id of ["seconds", "cents", "capabilities", "edition"]) byId(id).addEventListener("input", () => void ask());
  void ask();
}
