// A rule's page, next to its finding: the one that the documentation has.

import { byId, fill, h } from "./dom";

/** Open a rule's page in this page; with a modifier key, the browser opens it as a link. */
export async function openRule(event: Event, page: string, code: string): Promise<void> {
  const { ctrlKey, metaKey, shiftKey } = event as MouseEvent;
  if (ctrlKey || metaKey || shiftKey) return;
  event.preventDefault();
  const address = new URL(`../${page}`, location.href);
  const dialog = byId<HTMLDialogElement>("rule");
  byId("rule-title").textContent = code;
  fill("rule-page", h("p", { class: "note" }, "Loading…"));
  if (dialog.open) dialog.close();
  opener = event.currentTarget instanceof HTMLElement ? event.currentTarget : null;
  // A narrow screen has no place beside the prompt.
  if (matchMedia("(max-width: 899px)").matches) dialog.showModal();
  else dialog.show();
  byId("rule-title").focus();
  const link = h("p", {}, h("a", { href: address.href }, "Open the page in the documentation"));
  try {
    const response = await fetch(address);
    if (!response.ok) throw new Error(String(response.status));
    const read = new DOMParser().parseFromString(await response.text(), "text/html");
    const article = read.querySelector("article") ?? read.body;
    article.querySelectorAll("script, style, .headerlink, .copybtn").forEach((each) => each.remove());
    article.querySelectorAll("[style]").forEach((each) => each.removeAttribute("style"));
    article.querySelectorAll("pre").forEach((each) => each.setAttribute("tabindex", "0"));
    article.querySelectorAll("a[href]").forEach((each) => each.setAttribute("href", new URL(each.getAttribute("href")!, address).href));
    article.querySelectorAll("[id]").forEach((each) => each.removeAttribute("id"));
    const title = article.querySelector("h1");
    if (title) byId("rule-title").textContent = title.textContent;
    title?.remove();
    fill("rule-page", document.adoptNode(article), link);
  } catch {
    fill("rule-page", h("p", {}, "This copy of the playground comes without the documentation; ", h("code", {}, `flaglift rule ${code}`), " prints the page."));
  }
}

let opener: HTMLElement | null = null;

export function setUpRule(): void {
  const dialog = byId<HTMLDialogElement>("rule");
  byId("rule-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Escape") dialog.close();
  });
  dialog.addEventListener("close", () => opener?.isConnected && opener.focus());
}
