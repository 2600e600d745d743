// The settings of the form, as flaglift takes them.

import { byId } from "./dom";

export interface Settings {
  edition: string;
  default_model: string;
  budget: number | null;
  accept_successors: boolean;
  strict: boolean;
}

const input = (id: string): HTMLInputElement => byId<HTMLInputElement>(id);

export function readSettings(): Settings {
  const budget = input("budget").valueAsNumber;
  return {
    edition: input("edition").value,
    default_model: input("default_model").value.trim(),
    budget: Number.isNaN(budget) ? null : budget,
    accept_successors: input("accept_successors").checked,
    strict: input("strict").checked,
  };
}

export function writeSettings(settings: Settings): void {
  input("edition").value = settings.edition;
  input("default_model").value = settings.default_model;
  input("budget").value = settings.budget === null ? "" : String(settings.budget);
  input("accept_successors").checked = settings.accept_successors;
  input("strict").checked = settings.strict;
}

/** Return the settings as options of the command line. */
export function asOptions(settings: Settings): string[] {
  const options: string[] = [];
  if (settings.edition) options.push("--edition", settings.edition);
  if (settings.default_model) options.push("--default-model", settings.default_model);
  if (settings.budget !== null) options.push("--budget", String(settings.budget));
  if (settings.accept_successors) options.push("--accept-successors");
  if (settings.strict) options.push("--strict");
  return options;
}

export function onSettings(change: () => void): void {
  for (const id of ["edition", "default_model", "budget", "accept_successors", "strict"]) {
    input(id).addEventListener("input", change);
  }
}
