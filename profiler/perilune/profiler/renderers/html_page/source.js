// Annotated source: every line of every file with what it cost, and on request what its opcodes cost.
"use strict";

const BLOCK = 100; // lines that are made at once
const LEAST_SHARE = 0.0005; // what would be written as 0.0 %
const LONG_TEXT = 400; // characters of a line, from which on it scrolls in its place
const OPEN_FROM = 0.05; // a file with this share of the run is open from the beginning

// Figures beside a line: title, text, widest text in characters, the metric that needs them most.
const FIGURES = [
  timed && { title: "self", text: (row) => timeFigure(row.self_ns), width: 9, metric: "time" },
  timed && allLines.some((row) => row.total_ns !== null) && { title: "total", text: (row) => timeFigure(row.total_ns), width: 9, metric: "time" },
  traced && { title: "raw", text: (row) => timeFigure(row.raw_ns), width: 9, metric: "time" },
  { title: "hits", text: (row) => (row.hits === null ? "" : `${row.differs ? "≈" : ""}${countText(row.hits)}`), width: 8, metric: "count" },
  { title: "instr", text: (row) => (row.instructions ? countText(row.instructions) : ""), width: 8, metric: "count" },
  { title: "alloc", text: (row) => (row.allocated_bytes ? bytesText(row.allocated_bytes) : ""), width: 9, metric: "memory" },
  hasLive && { title: "live", text: (row) => (row.live_bytes ? bytesText(row.live_bytes) : ""), width: 9, metric: "memory" },
].filter(Boolean);

const timeFigure = (ns) => (ns ? timeText(ns) : "");

const KEYWORDS = new Set(
  "and break do else elseif end false for function goto if in local nil not or repeat return then true until while".split(" "),
);
const TOKEN = /--\[(=*)\[|--.*|\[(=*)\[|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[A-Za-z_][A-Za-z0-9_]*|[^-["'A-Za-z_]+|./gs;

/** The pieces [class, text] of a line; `open` is what a line before left open, [class, closing bracket], or null. */
function tokens(line, open) {
  const pieces = [];
  let start = 0;
  const close = () => {
    const found = line.indexOf(open[1], start);
    const end = found < 0 ? line.length : found + open[1].length;
    pieces.push([open[0], line.slice(start, end)]);
    start = end;
    if (found >= 0) open = null;
  };
  if (open) close();
  while (start < line.length) {
    TOKEN.lastIndex = start;
    const [text, commentLevel, stringLevel] = TOKEN.exec(line);
    const level = commentLevel ?? stringLevel;
    if (level !== undefined) {
      open = [text.startsWith("--") ? "comment" : "string", `]${level}]`];
      close();
      continue;
    }
    const kind = text.startsWith("--") ? "comment" : /^["']/.test(text) ? "string" : KEYWORDS.has(text) ? "keyword" : null;
    pieces.push([kind, text]);
    start += text.length;
  }
  return [pieces, open];
}

class SourceView {
  constructor(file, hottest) {
    this.file = file;
    this.rows = new Map(file.lines.map((row) => [row.line, row]));
    this.built = new Map();
    this.numbers = file.source ? Array.from(file.source, (_, index) => index + 1) : [];
    const known = new Set(this.numbers);
    this.numbers.push(...file.lines.map((row) => row.line).filter((line) => !known.has(line)));
    if (!file.source) this.numbers.sort((a, b) => a - b);
    this.head = element("div", { class: "row head", role: "row" });
    this.body = element("div", { class: "code", role: "table", "aria-label": `Source of ${file.path}` }, this.head);
    this.share = element("span", { class: "part" });
    const summary = element("summary", {}, element("h3", {}, file.path), this.share);
    this.details = element("details", { class: "file", id: `file${file.index}` }, summary, this.notice(), this.body);
    this.details.addEventListener("toggle", () => this.details.open && this.fill());
    this.change(hottest);
  }

  notice() {
    if (this.file.source) return null;
    const text = this.file.is_binary
      ? "This code came in a binary chunk, which holds no text, so its figures stand here alone."
      : this.file.is_file
      ? "This file is gone or has changed since the program ran, so its figures stand here without its text."
      : "This code did not come from a file that was there when it was loaded, so its figures stand here without its text.";
    return element("p", { class: "notice" }, text);
  }

  /** Makes the empty blocks, fills the first at once and leaves the others to idle moments. */
  fill() {
    if (this.blocks) return;
    this.starts = this.openings();
    this.blocks = [];
    for (let first = 0; first < this.numbers.length; first += BLOCK) {
      const block = element("div", { class: "block", role: "rowgroup" });
      this.blocks.push({ element: withStyle(block, { "--rows": Math.min(BLOCK, this.numbers.length - first) }), first, isMade: false });
    }
    this.body.append(...this.blocks.map((block) => block.element));
    if (this.blocks.length) this.make(this.blocks[0]);
    whenIdle(this.blocks.slice(1).map((block) => () => this.make(block)));
  }

  /** What is open at the beginning of each line: long strings and comments go over several. */
  openings() {
    let open = null;
    return (this.file.source ?? []).map((line) => {
      const before = open;
      [, open] = tokens(line, open);
      return before;
    });
  }

  make(block) {
    if (block.isMade) return;
    block.isMade = true;
    block.element.append(...this.numbers.slice(block.first, block.first + BLOCK).map((line) => this.row(line)));
  }

  makeAll() {
    if (this.details.open) {
      this.fill();
      this.blocks.forEach((block) => this.make(block));
    }
  }

  /** A row has all its cells, also where they are empty: what reads tables aloud counts them to find a cell's title. */
  row(line) {
    const row = this.rows.get(line);
    const bar = element("span", { class: "bar", role: "presentation" });
    const share = element("span", { class: "share", role: "cell" });
    const error = sampled ? element("span", { class: "error", role: "cell" }) : null;
    const figures = FIGURES.map((figure) => element("span", { class: `figure ${figure.metric}`, role: "cell" }, row ? figure.text(row) : ""));
    const classes = `row${!row || row.hits || row.self_ns ? "" : " never"}${row?.differs ? " differs" : ""}`;
    const head = element("span", { class: "line", role: "rowheader" });
    const made = element("div", { class: classes, role: "row", id: `file${this.file.index}-line${line}` }, bar, share, error, ...figures, head, this.text(line));
    if (row?.differs) made.title = `Not deterministic: ${row.differs} in ${profile.run_count} runs`;
    if (row) {
      head.append(this.toggleOf(made, row));
      this.built.set(line, { made, share, error });
      this.heat(row);
    } else head.append(String(line));
    return made;
  }

  /** The number of a line, which shows and hides what the line is made of. */
  toggleOf(made, row) {
    const number = row.line > 0 ? String(row.line) : "?";
    const toggle = element("button", { class: "line", type: "button", "aria-expanded": "false", "aria-label": `Line ${number}${row.differs ? ", not deterministic" : ""}`, title: "What this line is made of" }, `${row.differs ? "≈" : ""}${number}`);
    toggle.addEventListener("click", () => this.toggle(made, toggle, row));
    return toggle;
  }

  text(line) {
    const source = this.file.source?.[line - 1] ?? "";
    const pieces = line === 1 && source.startsWith("#") ? [["comment", source]] : source ? tokens(source, this.starts[line - 1])[0] : [];
    const isLong = source.length >= LONG_TEXT;
    const colored = pieces.map(([kind, text]) => (kind ? element("span", { class: kind }, text) : text));
    return element("span", { class: isLong ? "text long" : "text", role: "cell", tabindex: isLong ? 0 : null }, ...colored);
  }

  heat(row) {
    const { made, share, error } = this.built.get(row.line);
    const value = METRICS[metric].share(row);
    const isSeen = value >= LEAST_SHARE;
    share.textContent = isSeen ? shareText(value) : "";
    if (error) error.textContent = isSeen ? errorText(METRICS[metric].error(row)) : "";
    const heat = part(value, this.hottest);
    withStyle(made, { "--width": heat, "--heat": Math.sqrt(heat) });
  }

  /** Shows the metric that leads now; `hottest` is the largest share of a line in any file. */
  change(hottest) {
    const shares = this.file.lines.map(METRICS[metric].share);
    this.hottest = hottest;
    const whole = shares.reduce((sum, share) => sum + share, 0);
    const margin = metric === "time" ? errorText(samplingError(whole)) : "";
    this.share.textContent = `${shareText(whole)} ${margin}`.trim();
    const widths = FIGURES.map((figure) => `${figure.width}ch`);
    const lead = sampled ? "6ch 6ch 5.5ch" : "6ch 6ch";
    const end = `[line] ${Math.max(4, String(this.numbers.at(-1) ?? "").length) + 4}ch [text] minmax(0, 1fr)`;
    const important = widths.filter((_, index) => FIGURES[index].metric === metric);
    withStyle(this.body, {
      "--columns": `${lead} ${widths.join(" ")} ${end}`,
      "--fewer-columns": `${lead} ${important.join(" ")} ${end}`,
      "--fewest-columns": `6ch ${end}`,
    });
    const titles = FIGURES.map((figure) => element("span", { class: `figure ${figure.metric}`, role: "columnheader" }, figure.title));
    const error = sampled ? element("span", { class: "error", role: "columnheader", "aria-label": "error" }) : null;
    const share = element("span", { class: "share", role: "columnheader" }, "share");
    const ends = [element("span", { class: "line", role: "columnheader" }, "line"), element("span", { class: "text", role: "columnheader" }, "source")];
    this.head.replaceChildren(element("span", { class: "bar", role: "presentation" }), share, ...(error ? [error] : []), ...titles, ...ends);
    for (const line of this.built.keys()) this.heat(this.rows.get(line));
  }

  toggle(made, button, row) {
    const isOpen = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!isOpen));
    if (isOpen) made.nextElementSibling.remove();
    else made.after(panel(row));
  }

  /** Brings a line into view. */
  show(line) {
    this.details.open = true;
    this.fill();
    const block = this.blocks[Math.floor(this.numbers.indexOf(line) / BLOCK)];
    if (block) this.make(block);
  }
}

/** The opcodes of a line, and its figures with all their digits. */
function panel(row) {
  const sum = (field) => row.opcodes.reduce((whole, opcode) => whole + opcode[field], 0);
  const hasTime = timed && sum("self_ns") > 0;
  const columns = [...(hasTime ? [["self", "self_ns", timeFigure]] : []), ["count", "count", exactText]];
  const rows = row.opcodes.map((opcode) => {
    const figures = columns.flatMap(([, field, text]) => [
      element("td", { class: "number" }, text(opcode[field])),
      element("td", { class: "number part" }, shareText(part(opcode[field], sum(field)))),
    ]);
    const meaning = element("td", { class: "mono meaning" }, profile.meanings[opcode.name] ?? "");
    return element("tr", {}, element("td", { class: "mono" }, opcode.name), ...figures, meaning);
  });
  const numbers = columns.flatMap(([title]) => [
    element("th", { scope: "col", class: "number" }, title),
    element("th", { scope: "col", class: "number" }, "share"),
  ]);
  const titles = [element("th", { scope: "col" }, "opcode"), ...numbers, element("th", { scope: "col", class: "meaning" }, "meaning")];
  const table = element("table", {}, element("thead", {}, element("tr", {}, ...titles)), element("tbody", {}, ...rows));
  const list = element("dl", {}, ...facts(row).map(([name, value]) => element("div", {}, element("dt", {}, name), " ", element("dd", {}, value))));
  return element("div", { class: "panel", role: "row" }, element("div", { role: "cell" }, list, rows.length ? table : element("p", { class: "note" }, "This line never ran.")));
}

function facts(row) {
  const kinds = row.live_kinds.map((kind) => `${kind.kind} ${bytesText(kind.bytes)}`).join(", ");
  const error = row.error ? ` ${errorText(row.error)}` : "";
  return [
    timed && ["self", `${timeText(row.self_ns ?? 0)}, ${shareText(row.share)}${error}`],
    timed && row.total_ns !== null && ["total", `${timeText(row.total_ns)}, ${shareText(part(row.total_ns, totals.run_ns))} ${errorText(row.total_error)}`.trim()],
    (row.waits ?? null) !== null && ["waiting", `${Math.round(100 * row.waits)}% of it`],
    traced && row.raw_ns !== null && ["raw", timeText(row.raw_ns)],
    row.differs && ["not deterministic", row.differs],
    row.hits !== null && ["hits", exactText(row.hits)],
    row.instructions !== null && ["instructions", exactText(row.instructions)],
    row.allocated_bytes !== null && ["allocated", `${plural(row.allocated_bytes, "byte")} in ${plural(row.allocations, "allocation")}`],
    row.live_bytes !== null && ["live at the end", plural(row.live_bytes, "byte") + (kinds ? ` (${kinds})` : "")],
    row.peak_live_bytes !== null && ["live at the peak", plural(row.peak_live_bytes, "byte")],
    row.gc_share > 0 && ["collector", `${shareText(row.gc_share)} of its work driven${row.gc_ns ? `, ${timeText(row.gc_ns)}` : ""}`],
  ].filter(Boolean);
}

const hottestShare = () => allLines.reduce((most, row) => Math.max(most, METRICS[metric].share(row)), 0);

/** Does the tasks one after another while the reader does nothing. */
function whenIdle(tasks) {
  const later = window.requestIdleCallback ?? ((act) => setTimeout(() => act({ timeRemaining: () => 8 }), 1));
  const work = (deadline) => {
    while (tasks.length && deadline.timeRemaining() > 4) tasks.shift()();
    if (tasks.length) later(work);
  };
  later(work);
}
