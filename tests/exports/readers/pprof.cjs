// Decodes a pprof profile with pprof-format and prints it as JSON, texts in place of their numbers.

const fs = require("fs");
const zlib = require("zlib");
const { Profile } = require("pprof-format");

const profile = Profile.decode(zlib.gunzipSync(fs.readFileSync(process.argv[2])));
const text = (index) => profile.stringTable.strings[Number(index)];
const type = (value) => [text(value.type), text(value.unit)];
const functions = profile.function.map((entry) => ({
  id: Number(entry.id), name: text(entry.name), path: text(entry.filename), line: Number(entry.startLine),
}));
const locations = profile.location.map((entry) => ({
  id: Number(entry.id), mapping: Number(entry.mappingId),
  lines: entry.line.map((line) => ({ function: Number(line.functionId), line: Number(line.line) })),
}));
const samples = profile.sample.map((entry) => ({
  locations: entry.locationId.map(Number), values: entry.value.map(Number),
}));
console.log(
  JSON.stringify({
    strings: profile.stringTable.strings, types: profile.sampleType.map(type), functions, locations, samples,
    mappings: profile.mapping.map((entry) => ({ id: Number(entry.id), path: text(entry.filename) })),
    default: text(profile.defaultSampleType), period: Number(profile.period),
    periodType: profile.periodType ? type(profile.periodType) : null, duration: Number(profile.durationNanos),
  }),
);
