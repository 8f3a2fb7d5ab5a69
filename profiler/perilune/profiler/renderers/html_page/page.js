// The page: its head with the totals, the tools that stay in sight, and the sections in their order.
"use strict";

const CHAIN_ENDS = 4; // calls of a long chain that stand at each of its ends

/** Radio buttons side by side; `options` are [value, title, why it cannot be chosen]. */
function choose(name, options, chosen, act) {
  const labels = options.map(([value, title, obstacle]) => {
    const input = element("input", { type: "radio", name, value, checked: value === chosen, disabled: Boolean(obstacle) });
    input.addEventListener("change", () => act(value));
    return element("label", { title: obstacle }, input, element("span", {}, title));
  });
  return element("fieldset", { class: "choice" }, element("legend", {}, name), ...labels);
}

function head() {
  const command = [profile.program.path, ...profile.program.args].join(" ");
  const title = element("h1", {}, command);
  return element(
    "header",
    {},
    element("p", { class: "kind" }, profile.origin ? `Profile, ${profile.origin}` : `Perilune profile, ${profile.mode} mode${byCpu ? ", processor time" : ""}${totals.sampler ? `, ${totals.sampler} sampler` : ""}`),
    title,
    profile.failure ? element("p", { class: "warning" }, `The program ended ${profile.failure}`) : null,
    ...profile.repeat_warnings.map((text) => element("p", { class: "warning" }, text)),
    profile.caution ? element("p", { class: "warning" }, profile.caution) : null,
    element("dl", { class: "totals" }, ...figures().map(figure)),
    peakChain(),
    element("p", { class: "note" }, meaningText()),
  );
}

function meaningText() {
  if (profile.origin) return profile.origin_notes;
  if (sampled) return "Counts, bytes and stack depth are exact. Times are estimates from samples: ± covers the 95% interval of a share, in percentage points." + (byCpu || profile.waiting_text ? ` ${profile.clock_text}` : "");
  const hidden = "Cheap instructions hide behind a probe: an opcode can be off by a factor of 2, a line by ten points. Times of mode sample are truer. Raw times are as measured.";
  if (timed && totals.plain_ns !== null) return `Counts, bytes and stack depth are exact. Times are estimates: the cost of the probes is subtracted so that their sum is the time of the run without a profile. ${hidden}`;
  if (timed) return `Counts, bytes and stack depth are exact. Times are estimates: the calibrated cost of a probe is subtracted at every instruction, so that the whole time is only known to lie in a range; --measure-cost runs the program without probes too and scales times to that. ${hidden}`;
  return "All figures are exact. Instructions are counted, not weighed: one that copies a megabyte counts as one that adds two numbers. Count mode uses no clock: --mode sample adds times.";
}

function correctionText() {
  const { plain_ns: plain, run_low_ns: low, run_high_ns: high } = totals;
  if (plain !== null) return "as without a profile";
  return low === null ? "corrected" : `from ${timeText(low)} to ${timeText(high)}`;
}

/** What stands in the head: title, text, and what explains it. */
function figures() {
  const { run_ns: run, gc_ns: gc, compile_ns: compile, wall_ns: wall, raw_ns: raw } = totals;
  const time = timed && [byCpu ? "Processor time" : "Run time", timeText(run), profile.waiting_text ? profile.waiting_text : byCpu ? `of ${timeText(wall)} by the clock` : traced ? `${correctionText()}; ${timeText(raw)} raw` : wall ? `${timeText(wall)} by the clock` : ""];
  const instructions = totals.instructions !== null && ["Instructions", totals.instructions >= 1e9 ? countText(totals.instructions) : exactText(totals.instructions), totals.instructions >= 1e9 ? exactText(totals.instructions) : ""];
  const every = totals.samples ? `one every ${timeText(Math.round((run * profile.run_count) / totals.samples))}` : "";
  return [
    ...(profile.metric === "time" ? [time, instructions] : [instructions, time]),
    timed && ["Collector", ...timeOfRun(gc), collected()],
    !timed && totals.gc_cycles && ["Collector", plural(totals.gc_cycles, "cycle"), "", collected()],
    compile && ["Compiler", ...timeOfRun(compile)],
    sampled && ["Samples", exactText(totals.samples), every],
    profile.runs && ["Repeated", plural(profile.run_count, "run"), profile.runs],
    totals.peak_bytes !== null && ["Peak memory", bytesText(totals.peak_bytes), `${bytesText(totals.current_bytes)} at the end`],
    totals.allocated_bytes !== null && ["Allocated", bytesText(totals.allocated_bytes), plural(totals.allocations, "allocation")],
    totals.peak_depth !== null && ["Deepest stack", plural(totals.peak_depth, "slot"), `${exactText(totals.current_depth)} at the end`],
    totals.cost_ratio !== null && ["Profiling cost", ...costTexts()],
  ].filter(Boolean);
}

/** What the collector did, and the lines that drove it most. */
function collected() {
  if (!totals.gc_cycles) return undefined;
  const lines = allLines.filter((row) => row.gc_share >= 0.005).sort((a, b) => b.gc_share - a.gc_share);
  const drivers = lines.slice(0, 5).map((row) => `${locationText(row.file.path, row.line)} ${shareText(row.gc_share)}`);
  const did = `${plural(totals.gc_cycles, "cycle")} walked ${bytesText(totals.gc_walked_bytes)} and freed ${bytesText(totals.gc_freed_bytes)}.`;
  return drivers.length ? `${did} Driven by ${drivers.join(", ")}.` : did;
}

/** The share of a part of the run's time with its error, and that time; what no sample hit need not have taken 0 ns. */
function timeOfRun(ns) {
  const share = part(ns, totals.run_ns);
  return [`${shareText(share)} ${errorText(samplingError(share))}`.trim(), sampled && !ns ? "" : timeText(ns)];
}

/** A run does not get faster by being profiled, so that a ratio below 1 is noise. */
function costTexts() {
  const ratio = totals.cost_ratio.toFixed(2);
  return Number(ratio) > 1 ? [`${ratio}×`, "the run without it"] : ["none", "that can be measured"];
}

function figure([title, value, detail, more]) {
  return element("div", more ? { title: more } : {}, element("dt", {}, title), element("dd", { class: "value" }, value), element("dd", { class: "detail" }, detail));
}

/** The calls that reached the deepest stack, equal ones behind each other as one. */
function peakChain() {
  const chain = records(totals.peak_chain);
  if (!chain.length) return null;
  const missing = totals.peak_chain_missing;
  const half = Math.floor(chain.length / 2);
  const steps = missing ? [...together(chain.slice(0, half)), { calls: missing }, ...together(chain.slice(half))] : together(chain);
  const items = steps.map((step) => {
    if (!step.function) return element("li", { class: "nothing" }, `${plural(step.calls, "call")} not recorded`);
    const place = step.path ? locationLink(step.path, step.line, `${step.path}:${step.line || "?"}`) : null;
    return element("li", {}, element("span", { class: "mono" }, step.function), place && " ", place, step.calls > 1 ? ` ×${exactText(step.calls)}` : null);
  });
  const list = element("ol", {}, ...items);
  hideMiddle(list, items, steps);
  return element("div", { class: "chain" }, element("span", { class: "label" }, "Deepest stack reached by "), list);
}

/** The steps of a chain, each with how many calls like it follow each other. */
function together(chain) {
  const steps = [];
  for (const entry of chain) {
    const last = steps.at(-1);
    if (last && last.function === entry.function && last.path === entry.path && last.line === entry.line) last.calls += 1;
    else steps.push({ ...entry, calls: 1 });
  }
  return steps;
}

/** Leaves the ends of a long list, and between them a button that shows the rest. */
function hideMiddle(list, items, steps) {
  const middle = items.slice(CHAIN_ENDS, -CHAIN_ENDS);
  if (middle.length <= CHAIN_ENDS) return;
  const calls = steps.slice(CHAIN_ENDS, -CHAIN_ENDS).reduce((sum, step) => sum + step.calls, 0);
  const button = element("button", { type: "button" }, `${exactText(calls)} more`);
  const gap = element("li", {}, button);
  button.addEventListener("click", () => {
    for (const item of middle) item.hidden = false;
    gap.remove();
    middle[0].querySelector("a")?.focus(); // the button, which had the focus, is gone
  });
  for (const item of middle) item.hidden = true;
  list.insertBefore(gap, middle[0]);
}

function makeTables() {
  const place = wordColumn("Line", (row) => (row.file ? locationText(row.file.path, row.line) : ""), {
    cell: (row) => (row.file ? locationLink(row.file.path, row.line) : ""),
    mono: true,
  });
  const share = () => shareColumn(METRICS[metric].share, METRICS[metric].error);
  const measured = traced ? [timeColumn("Raw", "raw_ns", { sum: timeText, secondary: true })] : [];
  const hasTotal = allLines.some((row) => row.total_ns !== null);
  const times = timed ? [timeColumn("Self", "self_ns", { sum: timeText }), ...waitingColumn([...allLines, ...allFunctions]), ...(hasTotal ? [timeColumn("Total", "total_ns", { secondary: true })] : []), ...measured] : [];
  const bytes = [bytesColumn("Allocated", "allocated_bytes"), countColumn("Allocations", "allocations", { secondary: true })];
  const live = hasLive ? [bytesColumn("Live", "live_bytes", { secondary: true }), bytesColumn("At peak", "peak_live_bytes", { secondary: true, sum: null })] : [];
  const driven = numberColumn("Collector", "gc_share", (share) => (share ? shareText(share) : ""), { secondary: true });
  const collector = totals.gc_cycles ? [driven] : [];
  const instructions = (more) => countColumn("Instructions", "instructions", more);
  const lead = { time: [...times, instructions({ secondary: true })], count: [instructions()], memory: [...bytes, ...live, ...collector] };
  const ran = (row) => row.hits || row.calls || row.self_ns || row.total_ns || row.allocated_bytes;
  const tables = [
    new Table({
      id: "lines",
      title: "Lines",
      noun: "line",
      columns: (leading) => [
        share(),
        ...lead[leading],
        countColumn("Hits", "hits", { sum: null, secondary: true }),
        place,
        wordColumn("Source", (row) => row.name ?? sourceText(row.file, row.line).trim().slice(0, 200), { mono: true, wide: true }),
      ],
      rows: (leading) => [...allLines.filter(ran), ...elsewhere(leading, allLines)],
      words: (row) => (row.file ? `${row.file.path}:${row.line} ${sourceText(row.file, row.line)}` : row.name),
    }),
    new Table({
      id: "functions",
      title: "Functions",
      noun: "function",
      columns: (leading) => [
        share(),
        ...lead[leading].filter((column) => !live.includes(column)),
        countColumn("Calls", "calls", { secondary: true }),
        place,
        wordColumn("Function", (row) => row.name, { mono: true, wide: true }),
      ],
      rows: (leading) => [...allFunctions.filter(ran), ...elsewhere(leading, allFunctions)],
      words: (row) => `${row.name} ${row.file ? row.file.path : ""}`,
    }),
  ];
  return [...tables, ...smallTables()];
}

/** Rows for what belongs to no line or function, so that the rows add up to the whole. */
function elsewhere(leading, rows) {
  if (leading === "time") {
    return [["(collector)", totals.gc_ns], ["(compiler)", totals.compile_ns], ["(outside the program)", totals.outside_ns]]
      .filter(([, ns]) => ns)
      .map(([name, ns]) => ({ name, elsewhere: true, self_ns: ns, raw_ns: ns, share: part(ns, totals.run_ns), error: samplingError(part(ns, totals.run_ns)) }));
  }
  if (totals.allocations === null) return [];
  const left = (field) => totals[field] - rows.reduce((sum, row) => sum + row[field], 0);
  if (leading === "count" || left("allocations") <= 0) return [];
  return [{ name: "(outside any line)", elsewhere: true, instructions: 0, allocated_bytes: left("allocated_bytes"), allocations: left("allocations") }];
}

/** The tables of opcodes, library functions, zones and live objects; those without rows are left out. */
function smallTables() {
  const isTimed = (leading) => leading === "time";
  const shareOf = (row) => (isTimed(metric) ? row.share : part(row.count, totals.instructions));
  const liveBytes = records(totals.live_kinds).reduce((sum, row) => sum + row.bytes, 0);
  const measured = traced ? [timeColumn("Raw", "raw_ns", { sum: timeText, secondary: true })] : [];
  const time = (field) => (timed ? [timeColumn(field === "total_ns" ? "Total" : "Time", field, field === "total_ns" ? {} : { sum: timeText })] : []);
  const meaning = (row) => profile.meanings[row.name] ?? "";
  const library = timed ? [shareColumn((row) => row.share, (row) => row.error), ...time("self_ns"), ...waitingColumn(records(profile.builtins))] : [];
  const zoneShare = (row) => part(row.total_ns ?? 0, totals.run_ns);
  const given = [
    {
      id: "opcodes", title: "Opcodes", noun: "opcode", data: profile.opcodes,
      columns: (leading) => [
        shareColumn(shareOf, (row) => (isTimed(leading) ? row.error : null)),
        ...time("self_ns"), ...measured, countColumn("Count", "count", { secondary: isTimed(leading) }),
        wordColumn("Opcode", (row) => row.name, { mono: true }), wordColumn("Meaning", meaning, { mono: true, wide: true }),
      ],
      words: (row) => `${row.name} ${meaning(row)}`,
    },
    {
      id: "opcode-pairs", title: "Opcode pairs", noun: "pair", data: profile.opcode_pairs,
      note: "How often the second opcode ran directly after the first.",
      columns: () => [
        shareColumn((row) => part(row.count, totals.instructions)), countColumn("Count", "count"),
        wordColumn("First", (row) => row.first, { mono: true }), wordColumn("Then", (row) => row.second, { mono: true, wide: true }),
      ],
      words: (row) => `${row.first} ${row.second}`,
    },
    {
      id: "library", title: "Library functions", noun: "function", data: profile.builtins,
      note: timed ? "Their time is also part of the lines that call them. The Lua functions that they call are not part of it." : null,
      columns: () => [...library, countColumn("Calls", "calls"), wordColumn("Function", (row) => row.name, { mono: true, wide: true })],
      words: (row) => row.name,
    },
    {
      id: "zones", title: "Zones", noun: "zone", data: profile.zones,
      columns: () => [
        ...(timed ? [shareColumn(zoneShare), ...time("total_ns")] : []), countColumn("Calls", "calls"),
        bytesColumn("Allocated", "allocated_bytes"), countColumn("Allocations", "allocations", { secondary: true }),
        wordColumn("Zone", (row) => row.name, { mono: true, wide: true }),
      ].map((column) => (column.title === "Share" || column.title === "Total" ? { ...column, sum: null } : column)),
      words: (row) => row.name,
    },
    {
      id: "live", title: "Memory at the end", noun: "kind", data: totals.live_kinds,
      columns: () => [
        shareColumn((row) => part(row.bytes, liveBytes)), bytesColumn("Bytes", "bytes"), countColumn("Objects", "objects"),
        wordColumn("Kind", (row) => row.kind, { mono: true, wide: true }),
      ],
      words: (row) => row.kind,
    },
  ];
  return given.filter(({ data }) => data.rows.length).map(({ data, ...table }) => new Table({ ...table, rows: () => records(data) }));
}

function flameSection() {
  if (profile.call_tree) return new FlameGraph(profile.call_tree);
  const mode = profile.mode === "count" ? "Count" : "Trace";
  const text = profile.origin ? "It does not know who called whom, so there is no flame graph." : `${mode} mode records no call stacks, so there is no flame graph: --mode sample draws one.`;
  const section = element("section", { id: "flame-graph", "aria-label": "Flame graph" }, element("h2", {}, "Flame graph"), element("p", { class: "note" }, text));
  return { section, filter: () => {} };
}

function tools(sections, onMetric, onFilter) {
  const known = { time: timed, count: totals.instructions !== null || Boolean(totals.hits), memory: totals.allocated_bytes !== null };
  const obstacle = profile.origin ? "The profile does not know it" : "Count mode takes no times";
  const metrics = Object.entries(METRICS).map(([value, { title }]) => [value, title, known[value] ? null : obstacle]);
  const filter = element("input", { type: "search", placeholder: "Filter", "aria-label": "Filter tables and flame graph", spellcheck: "false", title: "Filter tables and flame graph ( / )" });
  filter.addEventListener("input", () => onFilter(filter.value.trim().toLowerCase()));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.closest("input") || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    filter.focus();
  });
  const links = sections.map((section) => element("a", { href: `#${section.id}` }, section.getAttribute("aria-label")));
  return element("nav", { "aria-label": "Report" }, choose("Metric", metrics, metric, onMetric), filter, element("div", { class: "links" }, ...links));
}

function start() {
  const changed = changeTables();
  const tables = [...makeTables(), ...changed];
  const flames = flameSection();
  const hottest = hottestShare();
  const views = files.map((file) => new SourceView(file, hottest));
  const [lines, functions, ...small] = tables.filter((table) => !changed.includes(table));
  const source = element("section", { id: "source", "aria-label": "Source" }, element("h2", {}, "Source"), ...views.map((view) => view.details));
  const grid = element("div", { class: "pair" }, ...small.map((table) => table.section));
  const changes = changed.map((table) => table.section);
  const sections = [...changes, lines.section, flames.section, functions.section, ...small.map((table) => table.section), source];
  const onMetric = (chosen) => {
    metric = chosen;
    document.documentElement.dataset.metric = metric;
    tables.forEach((table) => table.change());
    const hottestNow = hottestShare();
    views.forEach((view) => view.change(hottestNow));
  };
  const onFilter = (query) => [...tables, flames].forEach((part_) => part_.filter(query));
  document.documentElement.dataset.metric = metric;
  const bar = tools(sections, onMetric, onFilter);
  document.body.append(head(), bar, element("main", {}, ...changes, lines.section, flames.section, functions.section, grid, source));
  new ResizeObserver(() => withStyle(document.documentElement, { "--tools": `${bar.offsetHeight}px` })).observe(bar);
  views.forEach((view, index) => {
    const heat = view.file.lines.reduce((sum, row) => sum + METRICS[metric].share(row), 0);
    if (index === 0 || heat >= OPEN_FROM) {
      view.details.open = true;
      view.fill();
    }
  });
  const showTarget = () => {
    const match = /^#file(\d+)-line(\d+)$/.exec(location.hash);
    if (!match || !views[match[1]]) return;
    views[match[1]].show(Number(match[2]));
    const row = document.getElementById(location.hash.slice(1));
    document.querySelector(".target")?.classList.remove("target");
    row?.classList.add("target");
    row?.scrollIntoView({ block: "center" });
  };
  window.addEventListener("hashchange", showTarget);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (link && link.hash === location.hash) showTarget(); // the address does not change, so nobody else says so
  });
  window.addEventListener("beforeprint", () => views.forEach((view) => view.makeAll()));
  showTarget();
}

start();
