// The profile that the page holds, and what leads its views: time, counts or memory.
"use strict";

const LONGEST_PATH = 32;

const profile = JSON.parse(document.getElementById("profile").textContent);
const { totals } = profile;
const timed = totals.run_ns !== null;
const sampled = totals.samples !== null;
const traced = profile.mode === "trace";
const byCpu = profile.clock === "cpu";

const named = (fields, values) => Object.fromEntries(fields.map((field, index) => [field, values[index]]));
const records = ({ fields, rows }) => rows.map((values) => named(fields, values));

/** By file and line what differs between the runs, in words. */
const differing = new Map(profile.differing.map(([file, line, text]) => [`${file}:${line}`, text]));

const files = profile.files.map((file, index) => ({
  ...file,
  index,
  lines: records(file.lines).map((row) => ({
    ...row,
    differs: differing.get(`${index}:${row.line}`) ?? null,
    opcodes: row.opcodes.map((values) => named(["name", "count", "self_ns"], values)),
    live_kinds: row.live_kinds.map((values) => named(["kind", "bytes", "objects"], values)),
  })),
  functions: records(file.functions),
}));
const fileByPath = new Map(files.map((file) => [file.path, file]));
const allLines = files.flatMap((file) => file.lines.map((row) => ({ ...row, file })));
const allFunctions = files.flatMap((file) => file.functions.map((row) => ({ ...row, file })));
const hasLive = allLines.some((row) => row.live_bytes !== null);

/** By instructions; where only hits are known by those, which functions do not have. */
function countShare(row) {
  if (!totals.hits) return part(row.instructions ?? 0, totals.instructions);
  return row.hits === undefined ? null : part(row.hits ?? 0, totals.hits);
}

const METRICS = {
  time: { title: "Time", share: (row) => row.share, error: (row) => row.error },
  count: { title: "Count", share: countShare, error: () => null },
  memory: { title: "Memory", share: (row) => part(row.allocated_bytes ?? 0, totals.allocated_bytes), error: () => null },
};

let metric = profile.metric;

function part(amount, whole) {
  return whole ? amount / whole : 0;
}

/**
 * The error of a sampled share, as shares.py defines it. Rows come with theirs: this is for what belongs to no row, and for
 * what is added up here, the frames of the flame graph and what matches the filter.
 */
function samplingError(share) {
  if (!sampled) return null;
  const squared = profile.confidence ** 2;
  const middle = totals.samples * share + squared / 2;
  const reach = profile.confidence * Math.sqrt(Math.max(0, totals.samples * share * (1 - share)) + squared / 4);
  const [low, high] = [middle - reach, middle + reach].map((end) => end / (totals.samples + squared));
  return Math.max(share - Math.max(0, low), Math.min(1, high) - share);
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
