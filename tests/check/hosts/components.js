// Reads components as their compilers do. Each line on standard input is a JSON list of a kind and a
// source; the answer is a JSON string of what the compiler sees, without places, or null.
const { parse: svelte } = require("svelte/compiler");
const { parse: vue } = require("@vue/compiler-sfc");
const babel = require("@babel/parser");

const PLACES = new Set(
  "start end loc range raw extra name_loc offset comments errors".split(" "),
);

function strip(node) {
  return JSON.parse(JSON.stringify(node, (key, value) => (PLACES.has(key) ? undefined : value)));
}

const plugins = ["typescript", "jsx"];

function expression({ ast, content }) {
  if (ast.type !== "Program") return strip(ast);
  // With a semicolon in it, be it in a string, Vue reads a handler as statements, and an object of
  // handlers as a block.
  try {
    return strip(babel.parseExpression(content, { plugins }));
  } catch {
    return strip(ast.body);
  }
}

function script(block) {
  return block && babel.parse(block.content, { sourceType: "module", plugins }).program.body;
}

function component(kind, source) {
  if (kind === "svelte") {
    const { css, fragment, instance, module } = svelte(source, { modern: true });
    return { fragment, instance, module, style: css && css.content.styles };
  }
  const { descriptor, errors } = vue(source, { sourceMap: false });
  if (errors.length) throw errors[0];
  const { template, scriptSetup, styles, customBlocks } = descriptor;
  const seen = new WeakSet();
  const nodes = template && JSON.stringify(template.ast.children, (key, value) => {
    if (value && value.type === 4 && value.ast) return expression(value);
    if (value && value.name === "for") return { ...value, name: "v-for", exp: null };
    return PLACES.has(key) || key === "source" ? undefined : value;
  });
  return {
    nodes: nodes && JSON.parse(nodes),
    scripts: [script(descriptor.script), script(scriptSetup)],
    styles: styles.map((block) => block.content),
    rest: customBlocks.map((block) => JSON.parse(block.content)),
  };
}

require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  let seen = null;
  try {
    seen = strip(component(...JSON.parse(line)));
  } catch {}
  console.log(JSON.stringify(seen && JSON.stringify(seen)));
});
