// The site's own search in Node: answers queries (JSON, standard input) with the pages found,
// the best first, as the search page lists them.
"use strict";
const { readFileSync } = require("node:fs");
const { runInThisContext } = require("node:vm");

// What the search page and Sphinx's other scripts give to the search.
Object.assign(globalThis, {
  window: globalThis,
  document: { getElementById: () => null },
  localStorage: { setItem() {} },
  SPHINX_HIGHLIGHT_ENABLED: false,
  _: (text) => text,
  _ready() {},
});
const site = process.argv[2];
const page = readFileSync(`${site}/search.html`, "utf8");
for (const [, path] of page.matchAll(/<script src="([^"?]+)/g)) {
  if (/searchtools|language_data|searchindex/.test(path)) {
    runInThisContext(readFileSync(`${site}/${path}`, "utf8"));
  }
}
const search = runInThisContext("Search");
const found = JSON.parse(readFileSync(0, "utf8")).map((query) => {
  globalThis.location = { search: `?q=${encodeURIComponent(query)}` };
  const results = search._performSearch(...search._parseQuery(query)).reverse();
  return [...new Set(results.map(([page]) => page))];
});
console.log(JSON.stringify(found));
