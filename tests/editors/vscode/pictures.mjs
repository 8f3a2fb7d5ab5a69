// Takes the session's pictures into the extension, for its README and walkthrough: `node pictures.mjs SHOTS`. They are
// written with the 256 colours that they have most of, which the eye does not tell from all of them, in a third of the room.

import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';

const NAMES = ['figures', 'hotspots', 'change', 'report'];
const TARGET = path.join(import.meta.dirname, '..', '..', '..', 'vscode-extension', 'media', 'pictures');
const MOST_COLOURS = 256;
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const [RGB, INDEXED, RGBA] = [2, 3, 6]; // kinds of pixels, as the format numbers them

/** The size of a picture and its pixels, each 0xRRGGBB. Reads what browsers write: eight bits, not interlaced. */
function decode(file) {
  const parts = [];
  let header;
  for (let at = SIGNATURE.length; at < file.length; ) {
    const length = file.readUInt32BE(at);
    const type = file.toString('latin1', at + 4, at + 8);
    const content = file.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') header = content;
    if (type === 'IDAT') parts.push(content);
    at += length + 12;
  }
  const [width, height, kind] = [header.readUInt32BE(0), header.readUInt32BE(4), header[9]];
  if (header[8] !== 8 || header[12] !== 0 || ![RGB, RGBA].includes(kind)) throw new Error('another kind of PNG');
  const step = kind === RGBA ? 4 : 3;
  const rows = unfiltered(zlib.inflateSync(Buffer.concat(parts)), width * step, height, step);
  return { width, height, pixels: Uint32Array.from({ length: width * height }, (_, index) => rows.readUIntBE(index * step, 3)) };
}

/** The bytes of the rows, each of which is written as a difference from its neighbours. */
function unfiltered(data, length, height, step) {
  const rows = Buffer.alloc(length * height);
  for (let row = 0; row < height; row += 1) {
    const filter = data[row * (length + 1)];
    for (let at = 0; at < length; at += 1) {
      const left = at < step ? 0 : rows[row * length + at - step];
      const above = row === 0 ? 0 : rows[(row - 1) * length + at];
      const corner = row === 0 || at < step ? 0 : rows[(row - 1) * length + at - step];
      const expected = [0, left, above, (left + above) >> 1, nearestOf(left, above, corner)][filter];
      rows[row * length + at] = data[row * (length + 1) + 1 + at] + expected;
    }
  }
  return rows;
}

/** Paeth's predictor. */
function nearestOf(left, above, corner) {
  const guess = left + above - corner;
  const [toLeft, toAbove, toCorner] = [left, above, corner].map((value) => Math.abs(guess - value));
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

function encode({ width, height, pixels }) {
  const counts = new Map();
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const palette = [...counts].sort((one, other) => other[1] - one[1]).slice(0, MOST_COLOURS).map(([colour]) => colour);
  const indices = new Map([...counts.keys()].map((colour) => [colour, nearest(palette, colour)]));
  const rows = Buffer.alloc((width + 1) * height);
  pixels.forEach((colour, at) => (rows[at + Math.floor(at / width) + 1] = indices.get(colour)));
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, INDEXED], 8);
  const colours = Buffer.concat(palette.map((colour) => Buffer.from([colour >> 16, (colour >> 8) & 255, colour & 255])));
  const body = [['IHDR', header], ['PLTE', colours], ['IDAT', zlib.deflateSync(rows, { level: 9 })], ['IEND', Buffer.alloc(0)]];
  return Buffer.concat([SIGNATURE, ...body.map(([type, content]) => chunk(type, content))]);
}

/** The index of the colour of the palette that a colour is most like. */
function nearest(palette, colour) {
  const distance = (other) => [16, 8, 0].reduce((sum, shift) => sum + (((colour >> shift) & 255) - ((other >> shift) & 255)) ** 2, 0);
  return palette.reduce((best, other, index) => (distance(other) < distance(palette[best]) ? index : best), 0);
}

function chunk(type, content) {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(content.length, 0);
  ends.writeUInt32BE(crc(named), 4);
  return Buffer.concat([ends.subarray(0, 4), named, ends.subarray(4)]);
}

function crc(bytes) {
  let rest = 0xffffffff;
  for (const byte of bytes) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  }
  return (rest ^ 0xffffffff) >>> 0;
}

fs.mkdirSync(TARGET, { recursive: true });
for (const name of NAMES) {
  const picture = fs.readFileSync(path.join(process.argv[2], `picture-${name}.png`));
  fs.writeFileSync(path.join(TARGET, `${name}.png`), encode(decode(picture)));
}
