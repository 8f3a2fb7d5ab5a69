// Tables that are sorted by a click on a column's title, filtered by text, and cut until the reader asks for all.
"use strict";

const FIRST_ROWS = 10;
const MORE_ROWS = 10; // times as many with every click

/**
 * A table in a section. `columns(metric)` gives its columns:
 *   title, value(row), which sorts, cell(row), text or an element; text columns have `words`;
 *   `sum` shows the sum of the rows' values under the table, as `cell` shows one; `secondary` columns go when there is no
 *   room.
 * `rows(metric)` gives the rows and `words(row)` the text that the filter looks at. `order` is the index of the column
 * that a metric's rows are first sorted by.
 */
class Table {
  constructor({ id, title, note = null, noun, columns, rows, words, order = () => 0 }) {
    Object.assign(this, { columnsOf: columns, rowsOf: rows, words, noun, order });
    this.query = "";
    this.most = FIRST_ROWS;
    this.table = element("table", {});
    this.more = element("button", { class: "more", type: "button" });
    this.more.addEventListener("click", () => {
      this.most = this.isCut ? this.most * MORE_ROWS : FIRST_ROWS;
      this.draw();
    });
    const scroller = element("div", { class: "scroller" }, this.table);
    this.section = element("section", { id, "aria-label": title }, element("h2", {}, title), note && element("p", { class: "note" }, note), scroller, this.more);
    this.table.setAttribute("aria-label", title);
    this.change();
  }

  /** Takes the columns and the order of the metric that leads now. */
  change() {
    this.rows = this.rowsOf(metric);
    const isKnown = ({ words, value }) => words || this.rows.some((row) => (value(row) ?? null) !== null);
    this.columns = this.columnsOf(metric).filter((column) => !this.rows.length || isKnown(column));
    this.sorted = this.order(metric);
    this.descending = !this.columns[this.sorted].words;
    this.draw();
  }

  filter(query) {
    this.query = query;
    this.draw();
  }

  sortBy(index) {
    this.descending = index === this.sorted ? !this.descending : !this.columns[index].words;
    this.sorted = index;
    this.draw();
  }

  draw() {
    const found = this.query ? this.rows.filter((row) => this.words(row).toLowerCase().includes(this.query)) : this.rows;
    const { value, words } = this.columns[this.sorted];
    const turn = this.descending ? -1 : 1;
    const compare = words
      ? (a, b) => value(a).localeCompare(value(b), "en", { numeric: true })
      : (a, b) => (value(a) ?? -1) - (value(b) ?? -1);
    const [barred] = this.columns.filter((column) => column.bar);
    this.longest = barred ? this.rows.reduce((most, row) => Math.max(most, barred.bar(row)), 0) : 0;
    const ordered = [...found].sort((a, b) => turn * compare(a, b));
    const shown = ordered.slice(0, this.most);
    const body = element("tbody", {}, ...shown.map((row) => this.bodyRow(row)));
    if (!found.length) body.append(element("tr", {}, element("td", { class: "nothing", colspan: this.columns.length }, "nothing found")));
    this.table.replaceChildren(this.head(), body, this.foot(found));
    this.more.hidden = found.length <= FIRST_ROWS;
    this.isCut = shown.length < found.length;
    const next = Math.min(this.most * MORE_ROWS, found.length);
    const more = next < found.length ? `Show ${exactText(next)} of ${exactText(found.length)}` : `Show all ${exactText(found.length)}`;
    this.more.textContent = this.isCut ? more : `Show the first ${FIRST_ROWS}`;
  }

  head() {
    const cells = this.columns.map((column, index) => {
      const isSorted = index === this.sorted;
      const title = element("button", { type: "button" }, column.title);
      title.addEventListener("click", () => {
        this.sortBy(index);
        this.table.querySelectorAll("thead button")[index].focus();
      });
      const sort = isSorted ? (this.descending ? "descending" : "ascending") : null;
      return element("th", { scope: "col", class: cellClass(column), "aria-sort": sort }, title);
    });
    return element("thead", {}, element("tr", {}, ...cells));
  }

  bodyRow(row) {
    const cells = this.columns.map((column) => {
      const cell = element("td", { class: cellClass(column), title: column.wide ? column.value(row) : null }, column.cell(row));
      return column.bar ? withStyle(cell, { "--width": part(column.bar(row), this.longest) }) : cell;
    });
    return element("tr", { class: row.elsewhere ? "elsewhere" : null }, ...cells);
  }

  /** Says how many rows there are and what they add up to. */
  foot(found) {
    const [count, all] = [found, this.rows].map((rows) => rows.filter((row) => !row.elsewhere).length);
    const text = count === all ? plural(all, this.noun) : `${exactText(count)} of ${plural(all, this.noun)}`;
    const cells = this.columns.map((column, index) => {
      const sum = column.sum ? column.sum(found.reduce((sum, row) => sum + (column.value(row) ?? 0), 0), found) : "";
      return element("td", { class: cellClass(column) }, index === this.columns.length - 1 ? text : sum);
    });
    return element("tfoot", {}, element("tr", {}, ...cells));
  }
}

function cellClass({ words, bar, secondary, mono, wide }) {
  const classes = [!words && "number", bar && "bar", secondary && "secondary", mono && "mono", wide && "wide"];
  return classes.filter(Boolean).join(" ") || null;
}

// Columns that several tables have.

function numberColumn(title, field, text, more = {}) {
  const value = typeof field === "function" ? field : (row) => row[field];
  const cell = (row) => {
    const number = value(row);
    return number === null || number === undefined ? "" : text(number);
  };
  return { title, value, cell, ...more };
}

const timeColumn = (title, field, more) => numberColumn(title, field, timeText, more);
const countColumn = (title, field, more) => numberColumn(title, field, countText, { sum: countText, ...more });
const bytesColumn = (title, field, more) => numberColumn(title, field, bytesText, { sum: bytesText, ...more });

/** A share with its error and a bar. */
function shareColumn(share, error = () => null) {
  const cell = (row) => {
    const value = share(row);
    if (value === null || value === undefined) return "";
    const margin = sampled ? element("span", { class: "error" }, errorText(error(row))) : null;
    return element("span", { class: "share" }, shareText(value), margin);
  };
  const sum = (total, rows) => {
    const margin = rows.some(error) && shareText(total) !== shareText(1) ? errorText(samplingError(total)) : ""; // all is all
    return element("span", { class: "share" }, shareText(total), sampled ? element("span", { class: "error" }, margin) : null);
  };
  return { title: "Share", value: share, cell, sum, bar: (row) => share(row) ?? 0 };
}

/** How much of a row's time waited, where that is worth to be told of any of the rows. */
function waitingColumn(rows) {
  if (rows.every((row) => (row.waits ?? null) === null)) return [];
  return [numberColumn("Waits", "waits", (share) => `${Math.round(100 * share)}%`, { secondary: true })];
}

function wordColumn(title, text, more = {}) {
  return { title, value: text, cell: text, words: true, ...more };
}
