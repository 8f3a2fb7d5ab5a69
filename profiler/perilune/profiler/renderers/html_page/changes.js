// What changed since another run: lines and functions whose figures differ by more than noise.
"use strict";

/** The sections of the changes; none where the report is not compared with a run. */
function changeTables() {
  if (!profile.changes) return [];
  const texts = { time: timeText, count: countText, memory: bytesText };
  const difference = ([before, now]) => (now ?? 0) - (before ?? 0);
  const columns = (leading, title) => {
    const text = texts[leading];
    const figure = (index) => (row) => row[leading][index];
    const shown = (value) => (value === null ? "" : text(value));
    return [
      {
        title: "Difference",
        value: (row) => Math.abs(difference(row[leading])),
        cell: (row) => `${difference(row[leading]) < 0 ? "−" : "+"}${text(Math.abs(difference(row[leading])))}`,
      },
      wordColumn("Change", figure(2)),
      { title: "Before", value: figure(0), cell: (row) => shown(figure(0)(row)), secondary: true },
      { title: "Now", value: figure(1), cell: (row) => shown(figure(1)(row)), secondary: true },
      wordColumn("Line", (row) => locationText(row.path, row.line), {
        cell: (row) => (row.gone ? element("span", { class: "location" }, locationText(row.path, row.line)) : locationLink(row.path, row.line)),
        mono: true,
      }),
      wordColumn(title, (row) => row.text, { mono: true, wide: true }),
    ];
  };
  const rows = (kind) => (leading) => profile.changes[kind].filter((row) => row[leading]);
  const kinds = [["lines", "Changed lines", "line", "Source"], ["functions", "Changed functions", "function", "Function"]];
  const found = kinds.filter(([kind]) => Object.keys(METRICS).some((leading) => rows(kind)(leading).length));
  return found.map(([kind, title, noun, last], index) => new Table({
    id: `changed-${kind}`, title, noun,
    note: index === 0 ? `Since ${profile.changes.since}: ${profile.changes.summary}. What is within the error of both runs is left out.` : null,
    columns: (leading) => columns(leading, last),
    rows: rows(kind),
    words: (row) => `${row.path}:${row.line} ${row.text}`,
  }));
}
