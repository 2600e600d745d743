// The address carries the text and the settings in its fragment, which browsers do not send.

import type { Settings } from "./settings";

/** What the page shows. */
export interface Shown {
  text: string;
  form: string;
  settings: Settings;
}

const LONG = 2000;

export function addressOf(shown: Shown): string {
  const parts = new URLSearchParams({ prompt: shown.text });
  if (shown.form !== "lines") parts.set("form", shown.form);
  for (const [name, value] of Object.entries(shown.settings)) {
    if (value !== null && value !== false && value !== "") parts.set(name, String(value));
  }
  return `${location.href.replace(/#.*/, "")}#${parts}`;
}

export function noteOn(address: string): string {
  if (address.length <= LONG) return "The link is copied. It holds the prompts and settings; opening it sends them nowhere.";
  return `The link is copied. It is ${address.length.toLocaleString("en")} characters long; some programs cut links after ${LONG.toLocaleString("en")}.`;
}

/** Return what a fragment carries; null where it carries no prompt. */
export function readFragment(fragment: string): Partial<Shown> | null {
  const parts = new URLSearchParams(fragment.replace(/^#/, ""));
  const text = parts.get("prompt");
  if (text === null) return null;
  const budget = parts.get("budget");
  return {
    text,
    form: parts.get("form") ?? "lines",
    settings: {
      edition: parts.get("edition") ?? "",
      default_model: parts.get("default_model") ?? "",
      budget: budget === null || Number.isNaN(Number(budget)) ? null : Number(budget),
      accept_successors: parts.get("accept_successors") === "true",
      strict: parts.get("strict") === "true",
    },
  };
}
