/** Starts the server, says how it is, and hands commands on. */

import * as vscode from "vscode";
import { LanguageClient, State, TransportKind } from "vscode-languageclient/node";

import { SELECTOR } from "./documents";
import { findServer } from "./server";

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const log = vscode.window.createOutputChannel("flaglift", { log: true });
  const status = vscode.languages.createLanguageStatusItem("flaglift", [...SELECTOR]);
  status.name = "flaglift";
  status.command = { title: "Log", command: "flaglift.showLog" };
  const restart = () => start(log, status);
  context.subscriptions.push(
    log,
    status,
    vscode.commands.registerCommand("flaglift.restart", restart),
    vscode.commands.registerCommand("flaglift.showLog", () => log.show()),
    ...(["Form", "Curl", "Python"] as const).map((form) =>
      vscode.commands.registerCommand(`flaglift.copy${form}`, () => copy(form.toLowerCase())),
    ),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      if (event.affectsConfiguration("flaglift.path")) {
        await restart();
      }
    }),
  );
  await restart();
}

export async function deactivate(): Promise<void> {
  await client?.dispose();
}

async function start(log: vscode.LogOutputChannel, status: vscode.LanguageStatusItem): Promise<void> {
  await client?.dispose();
  client = undefined;
  const folders = vscode.workspace.workspaceFolders ?? [];
  const found = findServer({
    setting: vscode.workspace.getConfiguration("flaglift").get("path", ""),
    folders: vscode.workspace.isTrusted ? folders.map((each) => each.uri.fsPath) : [],
    environment: process.env,
    platform: process.platform,
  });
  if (typeof found === "string") {
    log.error(found);
    status.text = "flaglift: not found";
    status.severity = vscode.LanguageStatusSeverity.Error;
    void vscode.window.showErrorMessage(found);
    return;
  }
  log.info(`${found.program}, found by ${found.origin}`);
  const server = { command: found.program, args: ["lsp"], transport: TransportKind.stdio };
  client = new LanguageClient("flaglift", "flaglift", server, {
    documentSelector: [...SELECTOR],
    outputChannel: log,
    synchronize: { configurationSection: "flaglift" },
  });
  client.onDidChangeState(({ newState }) => {
    const running = newState === State.Running;
    status.text = running ? "flaglift" : "flaglift: stopped";
    status.busy = newState === State.Starting;
    status.severity = running
      ? vscode.LanguageStatusSeverity.Information
      : vscode.LanguageStatusSeverity.Warning;
  });
  try {
    await client.start();
  } catch (error) {
    client = undefined; // one that has not started cannot be stopped
    log.error(String(error));
    status.text = "flaglift: cannot start";
    status.severity = vscode.LanguageStatusSeverity.Error;
  }
}

async function copy(form: string): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (!editor || !client) {
    return;
  }
  try {
    const place = editor.selection.active;
    const text: unknown = await client.sendRequest("workspace/executeCommand", {
      command: "flaglift.copyAs",
      arguments: [editor.document.uri.toString(), place, form],
    });
    await vscode.env.clipboard.writeText(String(text));
  } catch (error) {
    void vscode.window.showWarningMessage(error instanceof Error ? error.message : String(error));
  }
}
