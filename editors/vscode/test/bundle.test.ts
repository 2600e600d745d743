/** The bundle that is shipped, loaded and activated as the editor does it, with the real server. */

import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { test } from "node:test";

import { Editor } from "./editor";

interface Extension {
  activate(context: { subscriptions: unknown[] }): Promise<void>;
  deactivate(): Promise<void>;
}

/** Return a program that is the server, and keeps what it is sent. */
function overheard(): { program: string; sent: () => string } {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "flaglift-"));
  const program = path.join(folder, "flaglift");
  const log = path.join(folder, "sent");
  const server = process.env["FLAGLIFT"] ?? "flaglift";
  fs.writeFileSync(program, `#!/bin/sh\ntee "${log}" | "${server}" "$@"\n`, { mode: 0o755 });
  return { program, sent: () => (fs.existsSync(log) ? fs.readFileSync(log, "utf8") : "") };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("it starts the server, passes the settings, and copies a prompt", async (context) => {
  const { program, sent } = overheard();
  const editor = new Editor({ path: program, select: ["FL402"], budget: 12.5 });
  editor.show("untitled:a", "plaintext", "a cat --video --video_model kling25 --duration 7\n");
  const extension = editor.load<Extension>(path.resolve("dist/extension.js"));
  context.after(() => extension.deactivate());
  await extension.activate({ subscriptions: [] });
  assert.ok(editor.log.includes(`${program}, found by the setting flaglift.path`));
  assert.equal(editor.status["text"], "flaglift", editor.log.join("\n"));
  await until(() => sent().includes('"select":["FL402"]'));
  assert.match(sent(), /"budget":12.5/);
  await editor.commands.get("flaglift.copyForm")?.();
  assert.match(editor.copied, /^prompt\[text\]=a cat\n/);
  await extension.deactivate();
  await until(() => sent().includes('"method":"shutdown"'));
  assert.equal(editor.status["text"], "flaglift: stopped");
});

test("it says what is wrong with the path, and starts when the path is mended", async (context) => {
  const { program } = overheard();
  const editor = new Editor({ path: "/gone/flaglift" });
  const extension = editor.load<Extension>(path.resolve("dist/extension.js"));
  context.after(() => extension.deactivate());
  await extension.activate({ subscriptions: [] });
  assert.equal(editor.status["text"], "flaglift: not found");
  assert.match(editor.messages.join(), /\/gone\/flaglift, which `flaglift.path` names, is no program/);
  await editor.commands.get("flaglift.copyForm")?.();
  assert.equal(editor.copied, "");
  editor.settings["path"] = program;
  await editor.fire("onDidChangeConfiguration", { affectsConfiguration: () => true });
  assert.equal(editor.status["text"], "flaglift", editor.log.join("\n"));
});

test("a server that does not start is told, and can be started again", async (context) => {
  const { program } = overheard();
  const broken = path.join(path.dirname(program), "broken");
  fs.writeFileSync(broken, "#!/bin/sh\nexit 3\n", { mode: 0o755 });
  const editor = new Editor({ path: broken });
  const extension = editor.load<Extension>(path.resolve("dist/extension.js"));
  context.after(() => extension.deactivate());
  await extension.activate({ subscriptions: [] });
  assert.equal(editor.status["text"], "flaglift: cannot start");
  editor.settings["path"] = program;
  await editor.commands.get("flaglift.restart")?.();
  assert.equal(editor.status["text"], "flaglift", editor.log.join("\n"));
});
