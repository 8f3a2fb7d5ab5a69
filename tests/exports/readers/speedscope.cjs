// Reads a profile with the importer of the released speedscope, and prints what it understood as JSON.
// The importer is not exported, so it is taken out of the page's script, which then fails to find a page to draw on.

const fs = require("fs");
const path = require("path");
const vm = require("vm");

function importer() {
  const folder = path.join(path.dirname(require.resolve("speedscope/package.json")), "dist/release");
  const name = fs.readdirSync(folder).find((file) => /^speedscope-.*\.js$/.test(file));
  const script = fs.readFileSync(path.join(folder, name), "utf8");
  const [, local] = /async function ([\w$]+)\([\w$,]+\)\{return\(await [\w$]+\)\.importProfilesFromArrayBuffer/.exec(script);
  const anything = new Proxy(function () {}, {
    get: (_, key) => (key === Symbol.toPrimitive ? () => "" : anything),
    apply: () => anything,
    construct: () => anything,
    set: () => true,
  });
  const page = vm.createContext({
    console: { log() {}, warn: console.error, error: console.error },
    document: anything, navigator: { platform: "", userAgent: "" }, location: { hash: "", protocol: "file:" },
    matchMedia: () => anything, localStorage: anything, requestAnimationFrame() {}, addEventListener() {},
    HTMLElement: class {}, TextDecoder, TextEncoder, URL, WebAssembly, atob, performance, setTimeout, clearTimeout,
    ArrayBuffer, Uint8Array,
  });
  page.window = page.self = page;
  try {
    vm.runInContext(script.replace("(()=>{", `(()=>{globalThis.importProfile=${local};`), page);
  } catch (error) {
    if (page.importProfile === undefined) throw error;
  }
  return page.importProfile;
}

function described(profile) {
  const frames = [];
  profile.forEachFrame((frame) =>
    frames.push({
      name: frame.name, file: frame.file ?? null, line: frame.line ?? null,
      self: frame.getSelfWeight(), total: frame.getTotalWeight(),
    }),
  );
  return { name: profile.getName(), unit: profile.getWeightUnit(), total: profile.getTotalWeight(), frames };
}

async function main(file) {
  const content = fs.readFileSync(file);
  const buffer = content.buffer.slice(content.byteOffset, content.byteOffset + content.length);
  const group = await importer()(path.basename(file), buffer);
  console.log(JSON.stringify(group && { index: group.indexToView, profiles: group.profiles.map(described) }));
}

main(process.argv[2]);
