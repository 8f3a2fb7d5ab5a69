// The flame graph of the call tree: a frame's width is its share of the samples, or of the time where the profile is
// another profiler's that does not count them; what it calls stands below it.
"use strict";

const NARROWEST = 0.0008; // of the width; what is narrower cannot be seen
const EXPLANATION =
  `A frame's width is its share of the ${sampled ? "samples" : "time"}; what it calls stands below it. That goes for library functions too: the comparison of table.sort stands below it. Click a frame, or press Enter, to see it alone; the arrow keys go to its caller, to what it calls and to its neighbours, Escape back to the whole run.`;
const OTHER = /^\(.*\)$/;

/**
 * The tree to draw. By function, the lines of a function are one frame, and a function that is on the stack several times
 * counts once, at its outermost place.
 */
function callTree({ functions, nodes }, byLine) {
  const root = newFrame(null, ["all", null, 0], 0, -1);
  const frames = [root];
  const placed = [root];
  for (let index = 1; index < nodes.length; index += 1) {
    const [parentIndex, functionIndex, line, samples, selfNs] = nodes[index];
    const parent = placed[parentIndex];
    let frame = byLine ? null : enclosing(parent, functionIndex);
    if (!frame) {
      const key = byLine ? `${functionIndex}:${line}` : functionIndex;
      frame = parent.children.get(key);
      if (!frame) {
        frame = newFrame(parent, functions[functionIndex], byLine ? line : functions[functionIndex][2], functionIndex);
        parent.children.set(key, frame);
        frames.push(frame);
      }
    }
    frame.samples += sampled ? samples : selfNs;
    frame.selfNs += selfNs;
    placed.push(frame);
  }
  for (const frame of [...frames].reverse()) {
    frame.total += frame.samples;
    frame.totalNs += frame.selfNs;
    if (frame.parent) {
      frame.parent.total += frame.total;
      frame.parent.totalNs += frame.totalNs;
    }
  }
  return { root, frames };
}

/** `samples` and `total` are nanoseconds where samples are not counted. */
function newFrame(parent, [name, path, functionLine], line, functionIndex) {
  const isProgram = name === "all" && parent === null;
  const kind = isProgram ? "root" : path ? "lua" : OTHER.test(name) ? "other" : "builtin";
  const frame = { parent, name, path, line: line || functionLine, functionLine, functionIndex, kind };
  return { ...frame, samples: 0, selfNs: 0, total: 0, totalNs: 0, children: new Map(), depth: parent ? parent.depth + 1 : 0 };
}

function enclosing(frame, functionIndex) {
  while (frame && frame.functionIndex !== functionIndex) frame = frame.parent;
  return frame;
}

class FlameGraph {
  constructor(data) {
    this.data = data;
    this.query = "";
    this.view = element("div", { class: "flames", role: "group", "aria-label": "Call tree" });
    this.status = element("p", { class: "status", "aria-live": "polite" });
    this.found = element("span", { class: "found" });
    this.reset = element("button", { type: "button" }, "Whole run");
    this.reset.addEventListener("click", () => this.zoom(this.root));
    const choice = choose("Frames", [["function", "Functions"], ["line", "Lines"]], "function", (value) => this.load(value === "line"));
    const bar = element("div", { class: "bar-of-tools" }, choice, this.reset, this.found);
    this.section = element("section", { id: "flame-graph", "aria-label": "Flame graph" }, element("h2", {}, "Flame graph"), element("p", { class: "note" }, EXPLANATION), bar, this.status, this.view);
    this.view.addEventListener("click", (event) => this.of(event, (frame) => this.zoom(frame)));
    for (const kind of ["pointerover", "focusin"]) this.view.addEventListener(kind, (event) => this.of(event, (frame) => this.describe(frame)));
    this.view.addEventListener("pointerleave", () => this.describe(this.top));
    this.view.addEventListener("keydown", (event) => this.key(event));
    this.load(false);
  }

  of(event, act) {
    const button = event.target.closest("button");
    if (button) act(this.shown[Number(button.dataset.frame)].frame);
  }

  load(byLine) {
    this.byLine = byLine;
    Object.assign(this, callTree(this.data, byLine));
    this.zoom(this.root);
  }

  zoom(frame) {
    const hadFocus = this.view.contains(document.activeElement) || document.activeElement === this.reset;
    this.top = frame;
    this.draw();
    if (hadFocus) this.buttons[this.shown.findIndex((place) => place.frame === frame)].focus();
    this.describe(frame);
    // For a host that the page is embedded in, such as an editor's panel.
    document.dispatchEvent(new CustomEvent("perilune:frame", { detail: this.pathTo(frame) }));
  }

  /** The frames from the outermost one to this; those that are lines have one. */
  pathTo(frame) {
    const path = [];
    for (; frame.parent; frame = frame.parent) {
      path.unshift({ name: frame.name, path: frame.path, functionLine: frame.functionLine, line: this.byLine ? frame.line : null });
    }
    return path;
  }

  filter(query) {
    this.query = query;
    this.draw();
  }

  /** Places the frames above the one in focus at full width and those below it by their share of it. */
  layout() {
    const shown = [];
    for (let frame = this.top.parent; frame; frame = frame.parent) shown.unshift({ frame, left: 0, width: 1, isAbove: true });
    const waiting = [{ frame: this.top, left: 0, width: 1 }];
    while (waiting.length) {
      const place = waiting.pop();
      shown.push(place);
      let { left } = place;
      const below = [];
      for (const frame of [...place.frame.children.values()].sort((a, b) => b.total - a.total)) {
        const width = (place.width * frame.total) / (place.frame.total || 1);
        if (width >= NARROWEST) below.push({ frame, left, width });
        left += width;
      }
      waiting.push(...below.reverse());
    }
    return shown;
  }

  draw() {
    this.shown = this.layout();
    this.buttons = this.shown.map((place, index) => this.button(place, index));
    this.view.replaceChildren(...this.buttons);
    const depth = this.shown.reduce((deepest, { frame }) => Math.max(deepest, frame.depth), 0);
    withStyle(this.view, { "--depth": depth + 1 });
    this.reset.hidden = this.top === this.root;
    this.found.textContent = this.query ? `${this.shareOf(this.matching())} matches “${this.query}”` : "";
  }

  button({ frame, left, width, isAbove }, index) {
    const state = isAbove ? "above" : this.query ? (this.matches(frame) ? "match" : "dim") : "";
    const button = element(
      "button",
      { type: "button", class: `${frame.kind} shade${shade(frame)} ${state}`.trim(), "data-frame": index, tabindex: frame === this.top ? 0 : -1 },
      this.label(frame),
    );
    button.setAttribute("aria-label", this.description(frame));
    return withStyle(button, { "--left": left, "--width": width, "--level": frame.depth });
  }

  label(frame) {
    return this.byLine && frame.kind === "lua" ? `${frame.name}:${frame.line}` : frame.name;
  }

  matches(frame) {
    return this.query !== "" && `${frame.name} ${frame.path ?? ""}`.toLowerCase().includes(this.query);
  }

  /** Samples under the outermost frames that match. */
  matching() {
    let sum = 0;
    const waiting = [this.root];
    while (waiting.length) {
      const frame = waiting.pop();
      if (frame !== this.root && this.matches(frame)) sum += frame.total;
      else waiting.push(...frame.children.values());
    }
    return sum;
  }

  /** The share of so many samples, with its error; all of them are all by definition. */
  shareOf(samples) {
    const share = part(samples, this.root.total);
    return share === 1 ? shareText(1) : `${shareText(share)} ${errorText(samplingError(share))}`.trim();
  }

  description(frame) {
    const own = frame.samples ? `, self ${this.shareOf(frame.samples)}, ${timeText(frame.selfNs)}` : "";
    return `${this.label(frame)}: total ${this.shareOf(frame.total)}, ${timeText(frame.totalNs)}${own}${sampled ? `, ${plural(frame.total, "sample")}` : ""}`;
  }

  describe(frame) {
    const place = frame.path ? locationLink(frame.path, frame.line, `${frame.path}:${frame.line}`) : null;
    this.status.replaceChildren(this.description(frame), ...(place ? [" ", place] : []));
  }

  key(event) {
    const index = this.buttons.indexOf(document.activeElement);
    if (index < 0) return;
    const { frame } = this.shown[index];
    const siblings = this.shown.map((place) => place.frame).filter((other) => other.parent === frame.parent);
    const step = (by) => siblings[siblings.indexOf(frame) + by];
    const targets = {
      ArrowUp: () => frame.parent,
      ArrowDown: () => this.shown.map((place) => place.frame).find((other) => other.parent === frame),
      ArrowLeft: () => step(-1),
      ArrowRight: () => step(1),
    };
    if (event.key === "Escape") this.zoom(this.root);
    else if (targets[event.key]) {
      const next = this.shown.findIndex((place) => place.frame === targets[event.key]());
      if (next >= 0) this.buttons[next].focus();
    } else return;
    event.preventDefault();
  }
}

/** One of three shades, so that neighbours differ and a function looks the same everywhere. */
function shade({ name, path }) {
  let hash = 0;
  for (const character of `${path}:${name}`) hash = (hash * 31 + character.codePointAt(0)) >>> 0;
  return hash % 3;
}
