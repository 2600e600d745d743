// Files: the command line reads them, and its documents are shown.

import type { RuleCount } from "./answers";
import { byId, download, h, plural } from "./dom";
import type { Engine } from "./engine";
import { openRule } from "./rule";
import { asOptions, type Settings } from "./settings";

interface FileAnswer {
  error?: string;
  commands: string[];
  says: string[];
  counts: [string, number][];
  rules: RuleCount[];
  facts: [string, string][];
  /** Names of files to download, and what each is. */
  files: string[];
  titles: string[];
}

const LARGEST = 200 * 2 ** 20;

export function setUpFiles(engine: Engine, settings: () => Settings): void {
  const input = byId<HTMLInputElement>("file");
  const take = (files: Iterable<File>): void => {
    for (const file of files) void read(file);
  };
  input.addEventListener("change", () => {
    take([...(input.files ?? [])]);
    input.value = "";
  });
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    event.stopPropagation();
    take([...event.dataTransfer.files]);
    byId("files").scrollIntoView();
  }, true);

  async function read(file: File): Promise<void> {
    const result = h("article", { class: "card" });
    byId("results").prepend(result);
    const title = h("h3", {}, file.name);
    if (file.size > LARGEST) {
      result.replaceChildren(title, h("p", { class: "problem" }, "It is larger than 200 MB; use the command line, which reads files of any size."));
      return;
    }
    const stop = h("button", { type: "button", class: "small", click: () => engine.restart() }, "Stop");
    result.replaceChildren(title, h("p", { class: "note" }, `Reading ${plural(file.size, "byte")}…`), stop);
    const request = {
      name: file.name,
      path: "/tmp/given",
      options: asOptions(settings()),
      column: byId<HTMLInputElement>("column").value,
      fixes: byId<HTMLSelectElement>("fixes").value,
      form: byId<HTMLSelectElement>("form").value,
    };
    const { answer, files } = await engine.ask("file", request, file);
    result.replaceChildren(title, ...shown(answer as FileAnswer, files));
  }
}

function shown(answer: FileAnswer, files: { name: string; bytes: Uint8Array<ArrayBuffer> }[]): HTMLElement[] {
  if (answer.error) return [h("p", { class: "problem" }, answer.error)];
  return [
    h("table", {},
      h("caption", {}, "What is in it"),
      h("tbody", {}, ...answer.counts.map(([name, count]) =>
        h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "number" }, count.toLocaleString("en"))))),
    ),
    ...(answer.rules.length
      ? [h("table", {},
          h("caption", {}, "Findings by rule"),
          h("tbody", {}, ...answer.rules.map((each) =>
            h("tr", {},
              h("th", { scope: "row" }, each.page
                ? h("a", { href: `../${each.page}`, click: (event) => openRule(event, each.page, each.code) }, `${each.code} ${each.rule}`)
                : each.rule),
              h("td", { class: "number" }, each.count.toLocaleString("en"))))))]
      : []),
    ...answer.facts.map(([name, fact]) => h("p", {}, h("strong", {}, name), ` ${fact}`)),
    ...answer.says.map((each) => h("p", { class: "note" }, each)),
    h("div", { class: "buttons" }, ...files.map(({ name, bytes }, index) =>
      h("button", { type: "button", class: index ? "small" : "primary", click: () => download(name, bytes) }, `Download ${answer.titles[index]}: ${name}`))),
    h("details", {}, h("summary", {}, "The same on the command line"), h("pre", { tabindex: 0, "aria-label": "Commands" }, answer.commands.join("\n"))),
  ];
}
