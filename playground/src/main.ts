// The page: what is typed goes to Python, and what it answers is shown.

import type { Finding, Look, PromptAnswer, SurveyAnswer } from "./answers";
import { byId, fill, h } from "./dom";
import { Editor } from "./editor";
import { Engine, type EngineStatus, STOPPED } from "./engine";
import { setUpFiles } from "./files";
import { addressOf, noteOn, readFragment, type Shown } from "./link";
import { setUpModels } from "./models";
import { showPrompt } from "./panels";
import { setUpRule } from "./rule";
import { onSettings, readSettings, writeSettings } from "./settings";
import { showSurvey } from "./several";

const EXAMPLES: [string, string, string][] = [
  ["A video prompt", 'ohwx woman hiking --video --video_model seedance_v15_720p --duration 5 --video_prompt "she smiles"', "lines"],
  ["A quote that is never closed", 'ohwx woman in 6" heels --video --video_model kling25', "lines"],
  ["A duration that is not a number", 'ohwx man on a bridge --video --video_model kling25 --duration 5s --video_prompt "he waves"', "lines"],
  ["A retired model", 'a red kite --video --video_model kling25_5s --video_prompt "it rises"', "lines"],
  ["A dash from a word processor", "a cat —video --video_model kling25", "lines"],
  ["Keyframes and settings", 'a cat --video --video_model kling25 --duration 5\n---\na dog --video --video_model kling25 --duration 10\nar=16:9\n', "whole"],
  ["Four prompts", 'a cat --video --video_model kling25\na dog --video --video_prompt she barks\na bird --duration 7 --video --video_model kling25\nplain words, no flags\n', "lines"],
];
const KEPT = "flaglift-playground";
const PAUSE = 250;
const STEP = 250;

const formSelect = byId<HTMLSelectElement>("form");
const nonce = document.querySelector<HTMLMetaElement>("meta[http-equiv]")!.content.match(/'nonce-([^']+)'/)![1]!;

const kept = readFragment(location.hash) ?? (JSON.parse(sessionStorage.getItem(KEPT) ?? "null") as Partial<Shown> | null);
if (kept?.form) formSelect.value = kept.form;
if (kept?.settings) writeSettings(kept.settings);
const editor = new Editor(byId("editor"), kept?.text ?? EXAMPLES[0]![1], nonce, onChange);
showStatus({ state: "loading", says: "Loading", share: 0, checks: [] });
const engine = new Engine(showStatus);

const shown = (): Shown => ({ text: editor.text, form: formSelect.value, settings: readSettings() });

function showStatus(status: EngineStatus): void {
  byId("status").dataset.state = status.state;
  fill("stage", status.state === "problem" ? "Not running" : status.says);
  byId("progress").style.setProperty("--share", String(status.share));
  const trouble = byId("trouble");
  trouble.hidden = status.state !== "problem";
  trouble.dataset.said = status.state;
  if (status.state === "problem") {
    trouble.replaceChildren(h("p", {}, h("strong", {}, status.says)), h("ul", {}, ...status.checks.map((each) => h("li", {}, each))));
  }
}

// One question about the text is under way at a time; what was typed meanwhile is asked about next.
let asking = false;
let again = false;
let surveying = 0;
let pause = 0;

function onChange(edited = true): void {
  byId("findings").ariaBusy = "true";
  if (edited) {
    surveying++;
    clearTimeout(pause);
    byId("several").ariaBusy = "true";
  }
  if (asking) again = true;
  else void refresh();
}

async function refresh(): Promise<void> {
  asking = true;
  do {
    again = false;
    const doc = editor.doc;
    const { answer } = await engine.ask("look", { ...shown(), ...editor.place });
    if (editor.doc !== doc || answer.error === STOPPED) again = true;
    else if (answer.error) showProblem(answer.error);
    else showLook(answer as Look);
  } while (again);
  asking = false;
  byId("findings").ariaBusy = "false";
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(shown()));
  } catch {
    // A text that is too large to keep is lost when the page is loaded again.
  }
}

function showProblem(problem: string): void {
  fill("settings-problem", problem);
  byId<HTMLDetailsElement>("settings").open = true;
}

function showLook(look: Look): void {
  fill("settings-problem");
  editor.show(look.shown, applyFix);
  showPrompt(look, { fix: applyFix, useMeant, line: (at) => editor.line(at), go: (at) => editor.go(at) });
  const several = byId("several");
  several.hidden = look.count < 2;
  if (several.ariaBusy !== "true") return;
  clearTimeout(pause);
  if (look.count > 1) pause = setTimeout(() => void survey(++surveying), PAUSE);
  else several.ariaBusy = "false";
}

async function survey(number: number): Promise<void> {
  let request: object = { ...shown(), step: STEP };
  let answer: SurveyAnswer;
  do {
    answer = (await engine.ask("survey", request)).answer as SurveyAnswer;
    if (number !== surveying || "error" in answer) return;
    showSurvey(answer, engine, shown, editor);
    request = { step: STEP };
  } while (answer.done < answer.total);
  byId("several").ariaBusy = "false";
}

function applyFix(finding: Finding, start: number): void {
  editor.change(finding.fix!.edits.map((each) => ({ from: start + each.from, to: start + each.to, insert: each.insert })));
}

function useMeant({ meant }: PromptAnswer, start: number): void {
  const { from, to, insert } = meant!.edit;
  editor.change({ from: start + from, to: start + to, insert });
}

async function start(): Promise<void> {
  const { answer } = await engine.ask("about", {});
  fill("version", answer.version);
  const edition = byId<HTMLInputElement>("edition");
  edition.min = answer.editions[0];
  fill("editions", `Editions: ${answer.editions.join(", ")}. The newest, if no day is given.`);
  fill("model-names", ...answer.models.map((name: string) => h("option", { value: name })));
}

for (const [index, [title]] of EXAMPLES.entries()) byId("example").append(h("option", { value: index }, title));
byId("example").addEventListener("change", (event) => {
  const example = EXAMPLES[Number((event.target as HTMLSelectElement).value)];
  if (!example) return;
  formSelect.value = example[2];
  editor.replace(example[1]);
});
formSelect.addEventListener("change", () => onChange());
onSettings(() => onChange());
byId("link").addEventListener("click", async () => {
  const address = addressOf(shown());
  history.replaceState(null, "", address);
  try {
    await navigator.clipboard.writeText(address);
    fill("link-note", noteOn(address));
  } catch {
    fill("link-note", "The link is in the address bar; the browser does not let this page copy it.");
  }
});
addEventListener("hashchange", () => {
  const given = readFragment(location.hash);
  if (!given) return;
  formSelect.value = given.form!;
  writeSettings(given.settings!);
  editor.replace(given.text!);
  onChange();
});
setUpRule();
setUpModels(engine, readSettings, async (model) => {
  const { answer } = await engine.ask("look", { ...shown(), ...editor.place });
  const look = answer as Look;
  const { edit } = (await engine.ask("choose", { text: look.prompt.text, model })).answer;
  editor.change({ from: look.start + edit.from, to: look.start + edit.to, insert: edit.insert });
});
setUpFiles(engine, readSettings);
void start();
onChange();
