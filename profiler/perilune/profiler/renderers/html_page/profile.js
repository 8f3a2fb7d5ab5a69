// The profile that the page holds, and what leads its views: time, counts or memory.
"use strict";

const LONGEST_PATH = 32;

const profile = JSON.parse(document.getElementById("profile").textContent);
const { totals } = profile;
const timed = totals.run_ns !== null;
const sampled = totals.samples !== null;
const traced = profile.mode === "trace";

const named = (fields, values) => Object.fromEntries(fields.map((field, index) => [field, values[index]]));
const records = ({ fields, rows }) => rows.map((values) => named(fields, values));

const files = profile.files.map((file, index) => ({
  ...file,
  index,
  lines: records(file.lines).map((row) => ({
    ...row,
    opcodes: row.opcodes.map((values) => named(["name", "count", "self_ns"], values)),
    live_kinds: row.live_kinds.map((values) => named(["kind", "bytes", "objects"], values)),
  })),
  functions: records(file.functions),
}));
const fileByPath = new Map(files.map((file) => [file.path, file]));
const allLines = files.flatMap((file) => file.lines.map((row) => ({ ...row, file })));
const allFunctions = files.flatMap((file) => file.functions.map((row) => ({ ...row, file })));
const hasLive = allLines.some((row) => row.live_bytes !== null);

const METRICS = {
  time: { title: "Time", share: (row) => row.share, error: (row) => row.error },
  count: { title: "Count", share: (row) => part(row.instructions, totals.instructions), error: () => null },
  memory: { title: "Memory", share: (row) => part(row.allocated_bytes, totals.allocated_bytes), error: () => null },
};

let metric = profile.metric;

function part(amount, whole) {
  return whole ? amount / whole : 0;
}

/** The half-width of the 95 % interval of a sampled share. */
function samplingError(share) {
  return sampled && totals.samples ? 1.96 * Math.sqrt((Math.max(0, share) * (1 - Math.min(1, share))) / totals.samples) : null;
}

/** Where a line of a file stands on the page; null where it does not. */
function lineAddress(path, line) {
  const file = fileByPath.get(path);
  return file && line > 0 ? `#file${file.index}-line${line}` : null;
}

/** The line's number, with its file where there are several; a long path lacks its beginning. */
function locationText(path, line) {
  const number = line > 0 ? String(line) : "?";
  const shown = path.length > LONGEST_PATH ? `…${path.slice(1 - LONGEST_PATH)}` : path;
  return files.length > 1 ? `${shown}:${number}` : number;
}

function locationLink(path, line, text = locationText(path, line)) {
  const address = lineAddress(path, line);
  return address ? element("a", { href: address, class: "location", title: `${path}:${line}` }, text) : element("span", { class: "location" }, text);
}

const sourceText = (file, line) => (file.source && line > 0 ? file.source[line - 1] ?? "" : "");
