import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { test } from "node:test";

import { findServer, INSTALL, type Surroundings } from "../src/server";

function workspace(...programs: string[]): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "flaglift-"));
  for (const program of programs) {
    const file = path.join(folder, program);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, "#!/bin/sh\n", { mode: 0o755 });
  }
  return folder;
}

function around(given: Partial<Surroundings>): Surroundings {
  return { setting: "", folders: [], environment: {}, platform: "linux", ...given };
}

function found(given: Partial<Surroundings>): string {
  const server = findServer(around(given));
  assert.ok(typeof server !== "string", String(server));
  return server.program;
}

test("the setting comes first, relative to the workspace", () => {
  const folder = workspace("tools/flaglift", ".venv/bin/flaglift");
  const program = path.join(folder, "tools/flaglift");
  for (const setting of [program, "tools/flaglift", "${workspaceFolder}/tools/flaglift"]) {
    assert.equal(found({ setting, folders: [folder] }), program);
  }
});

test("a setting that names no program is told, and nothing else is taken", () => {
  const folder = workspace(".venv/bin/flaglift");
  const said = findServer(around({ setting: "gone", folders: [folder] }));
  assert.match(String(said), /gone, which `flaglift.path` names, is no program/);
  fs.writeFileSync(path.join(folder, "text"), "", { mode: 0o644 });
  assert.equal(typeof findServer(around({ setting: "text", folders: [folder] })), "string");
  assert.equal(typeof findServer(around({ setting: ".venv", folders: [folder] })), "string");
});

test("environments of the workspace come before PATH, in the order of the folders", () => {
  const first = workspace("venv/bin/flaglift");
  const second = workspace(".venv/bin/flaglift", "bin/flaglift");
  const environment = { PATH: path.join(second, "bin"), VIRTUAL_ENV: second };
  const folders = [first, second];
  assert.equal(found({ folders, environment }), path.join(first, "venv/bin/flaglift"));
  assert.equal(
    found({ folders: [second], environment }),
    path.join(second, ".venv/bin/flaglift"),
  );
  assert.equal(
    found({ folders: [workspace()], environment: { VIRTUAL_ENV: second } }),
    path.join(second, "bin/flaglift"),
  );
});

test("without trusted folders only PATH counts, and no relative folder of it", () => {
  const folder = workspace("bin/flaglift");
  const PATH = ["bin", path.join(folder, "none"), path.join(folder, "bin")].join(path.delimiter);
  const environment = { PATH, VIRTUAL_ENV: workspace("bin/flaglift") };
  assert.equal(found({ environment }), path.join(folder, "bin/flaglift"));
});

test("on Windows programs have other names and places", () => {
  const folder = workspace(".venv/Scripts/flaglift.exe");
  assert.equal(
    found({ folders: [folder], platform: "win32" }),
    path.join(folder, ".venv/Scripts/flaglift.exe"),
  );
});

test("it says how to install what is not there", () => {
  assert.equal(findServer(around({ folders: [workspace()] })), INSTALL);
});
