// Numbers as text, as the report for the terminal writes them, and elements whose text can only be text.
"use strict";

const countText = (count) => (count < 10000 ? exactText(count) : scaled(count, ["", "K", "M", "G", "T", "P", "E"]));

const exactText = (number) => number.toLocaleString("en-US");

const bytesText = (size) => (size < 1000 ? `${size} B` : scaled(size, ["B", " kB", " MB", " GB", " TB", " PB"]));

const timeText = (ns) =>
  ns < 1000 ? `${ns} ns` : ns < 1e12 ? scaled(ns, [" ns", " µs", " ms", " s"]) : `${exactText(Math.round(ns / 1e9))} s`;

const shareText = (share) => `${rounded(100 * share, 1)}%`;

/** The error of a share in percentage points, never 0.0; nothing where it has none. */
const errorText = (error) => (error ? `±${error < profile.least_error ? "<0.1" : rounded(100 * error, 1)}` : "");

const plural = (count, noun) => `${exactText(count)} ${noun}${count === 1 ? "" : "s"}`;

/** Three significant digits and the unit for the number's power of a thousand. */
function scaled(number, units) {
  let power = 0;
  while (number >= 999.5 && power < units.length - 1) {
    number /= 1000;
    power += 1;
  }
  return rounded(number, number < 9.995 ? 2 : number < 99.95 ? 1 : 0) + units[power];
}

/** As toFixed, but halves go to the even digit, as in Python. */
function rounded(number, digits) {
  const text = number.toFixed(digits);
  const isHalf = (number * 2 ** (digits + 1)) % 2 === 1;
  return isHalf && Number(text.at(-1)) % 2 ? (number - 0.5 / 10 ** digits).toFixed(digits) : text;
}

/** An element; children are elements, text, or null for nothing. An attribute that is true has no value, false or null none. */
function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children) {
    if (child !== null) made.append(child);
  }
  return made;
}

/** Gives a style to an element by custom properties, which a content policy that forbids style attributes allows. */
function withStyle(made, properties) {
  for (const [name, value] of Object.entries(properties)) made.style.setProperty(name, value);
  return made;
}
