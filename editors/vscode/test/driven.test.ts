/** The server that the extension finds, with the protocol's own client over its streams. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";

import {
  createProtocolConnection,
  DidOpenTextDocumentNotification,
  DocumentDiagnosticRequest,
  ExecuteCommandRequest,
  ExitNotification,
  InitializedNotification,
  InitializeRequest,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver-protocol/node";

import { findServer } from "../src/server";

test("a prompt is looked at and copied", async () => {
  const setting = process.env["FLAGLIFT"] ?? "";
  const environment = process.env;
  const server = findServer({ setting, folders: [], environment, platform: process.platform });
  assert.ok(typeof server !== "string", String(server));
  const child = spawn(server.program, ["lsp"], { stdio: ["pipe", "pipe", "ignore"] });
  const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
  const connection = createProtocolConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  connection.listen();
  const { capabilities } = await connection.sendRequest(InitializeRequest.type, {
    processId: process.pid,
    rootUri: null,
    capabilities: { textDocument: { diagnostic: {} } },
  });
  assert.equal(capabilities.positionEncoding, "utf-16");
  await connection.sendNotification(InitializedNotification.type, {});
  const uri = "untitled:a";
  const text = "a 😀 cat --video --video_model kling25 --duration 7 --video_prompt x\n";
  await connection.sendNotification(DidOpenTextDocumentNotification.type, {
    textDocument: { uri, languageId: "plaintext", version: 1, text },
  });
  const report = await connection.sendRequest(DocumentDiagnosticRequest.type, {
    textDocument: { uri },
  });
  assert.ok(report.kind === "full");
  const wrong = report.items.find((each) => each.code === "FL402");
  assert.ok(wrong);
  const { start, end } = wrong.range;
  assert.equal(text.slice(start.character, end.character), "7");
  const copied: unknown = await connection.sendRequest(ExecuteCommandRequest.type, {
    command: "flaglift.copyAs",
    arguments: [uri, { line: 0, character: 12 }, "form"],
  });
  assert.match(String(copied), /^prompt\[text\]=a 😀 cat\n/);
  await connection.sendRequest(ShutdownRequest.type);
  await connection.sendNotification(ExitNotification.type);
  assert.equal(await ended, 0);
});
