/** Where the server is: the setting, the workspace's environment, or PATH. */

import * as fs from "node:fs";
import * as path from "node:path";

export interface Surroundings {
  /** The setting `flaglift.path`; empty if there is none. */
  readonly setting: string;
  /** The folders of the workspace; none of one that is not trusted. */
  readonly folders: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
}

export interface Found {
  readonly program: string;
  /** What named it, for the log. */
  readonly origin: string;
}

export const INSTALL =
  "flaglift is not found: run `pip install 'flaglift[lsp]'` in the workspace's environment, " +
  "or set `flaglift.path`.";

const ENVIRONMENTS = [".venv", "venv", "env"];

/** Return the server's program; a sentence says why there is none. */
export function findServer(around: Surroundings): Found | string {
  const first = around.folders[0] ?? "";
  if (around.setting) {
    const program = path.resolve(first, around.setting.replace("${workspaceFolder}", first));
    return isProgram(program)
      ? { program, origin: "the setting flaglift.path" }
      : `${program}, which \`flaglift.path\` names, is no program.`;
  }
  const windows = around.platform === "win32";
  const name = windows ? "flaglift.exe" : "flaglift";
  const inside = windows ? "Scripts" : "bin";
  const active = around.folders.length ? around.environment["VIRTUAL_ENV"] : undefined;
  const homes = [
    ...around.folders.flatMap((folder) => ENVIRONMENTS.map((each) => path.join(folder, each))),
    ...(active ? [active] : []),
  ];
  for (const home of homes) {
    const program = path.join(home, inside, name);
    if (isProgram(program)) {
      return { program, origin: `the environment ${home}` };
    }
  }
  for (const folder of (around.environment["PATH"] ?? "").split(path.delimiter)) {
    const program = path.join(folder, name);
    if (path.isAbsolute(folder) && isProgram(program)) {
      return { program, origin: "PATH" };
    }
  }
  return INSTALL;
}

function isProgram(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
