// What is decided without an editor: arguments, versions, installations, restarts, heat, room for hints, listings, reports.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitArguments } from '../src/commands/programArguments';
import { anyIsCut } from '../src/heat/room';
import { barWidth, columnsOf, depth } from '../src/heat/scale';
import { panelPage } from '../src/report/page';
import { isRecentPython, pipFailure, wheelFor } from '../src/server/installation';
import { Restarts } from '../src/server/restarts';
import { versionConflict } from '../src/server/version';
import { figures, Hotspots, runText } from '../src/views/hotspotText';
import { LineMap } from '../src/views/lineMap';

test('arguments are split as a shell would', () => {
  assert.deepEqual(splitArguments(''), []);
  assert.deepEqual(splitArguments('  30  out.txt '), ['30', 'out.txt']);
  assert.deepEqual(splitArguments(`"two words" a'b 'c ""`), ['two words', 'ab c', '']);
  assert.deepEqual(splitArguments(String.raw`a\ b C:\temp "say \"hi\""`), ['a b', String.raw`C:\temp`, 'say "hi"']);
});

test('versions go together where major and minor do', () => {
  assert.equal(versionConflict('0.1.0', '0.1.7'), undefined);
  assert.equal(versionConflict('0.1.0', '0'), undefined);
  assert.equal(versionConflict('0.1.0', undefined), undefined);
  assert.match(versionConflict('0.2.0', '0.1.7') ?? '', /update Perilune/);
  assert.match(versionConflict('0.2.0', '1.0.0') ?? '', /Update the extension/);
});

test('Python from 3.11 on', () => {
  assert.deepEqual(['3 10', '3 11\n', '3 14', '4 0', '2 7'].map(isRecentPython), [false, true, true, true, false]);
});

test('the wheel is the one for the machine', () => {
  const names = ['p-1-cp311-abi3-manylinux_2_28_x86_64.whl', 'p-1-cp311-abi3-macosx_11_0_arm64.whl', 'p-1.tar.gz'];
  assert.equal(wheelFor(names, 'linux', 'x64'), names[0]);
  assert.equal(wheelFor(names, 'darwin', 'arm64'), names[1]);
  assert.equal(wheelFor(names, 'win32', 'x64'), undefined);
  assert.equal(wheelFor(['p-1-py3-none-any.whl'], 'win32', 'x64'), 'p-1-py3-none-any.whl');
});

test('a failed installation says why in one sentence', () => {
  assert.match(pipFailure(['-m', 'venv', 'x'], 'ensurepip is not available'), /apt install python3-venv/);
  const output = 'Looking\nERROR: No matching distribution found for perilune\nnotice: new pip\n';
  assert.match(pipFailure(['-m', 'pip'], output), /could not be installed: ERROR: No matching distribution/);
});

test('a server that ends again and again is given up, and later started again', () => {
  const restarts = new Restarts();
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((time) => restarts.allowed(time)),
    [true, true, true, true, false],
  );
  assert.equal(restarts.allowed(180_001), true);
});

test('a bar is as long as its share, never too short to be seen, and never longer than the text', () => {
  const width = (share: number): number => barWidth(share, 80);
  assert.deepEqual([1, 0.5, 0.25, 0.0001, 0].map(width), [40, 20, 10, 0.5, 0.5]);
  assert.deepEqual([barWidth(1, 12), barWidth(0.1, 12), barWidth(1, columnsOf('a\t\tb', 4))], [12, 4, 9]);
  assert.deepEqual([0, 0.009, 0.01, 0.05, 0.2, 0.25, 1].map(depth), [0, 0, 1, 2, 3, 4, 4]);
});

test('a hint is cut where all of a line are longer than the limit', () => {
  const ours = [
    { line: 1, length: 24 },
    { line: 2, length: 24 },
  ];
  assert.equal(anyIsCut(ours, [], 43), false);
  assert.equal(
    anyIsCut(
      ours,
      [
        { line: 1, length: 19 },
        { line: 3, length: 60 },
      ],
      43,
    ),
    false,
  );
  assert.equal(
    anyIsCut(
      ours,
      [
        { line: 2, length: 10 },
        { line: 2, length: 10 },
      ],
      43,
    ),
    true,
  );
  assert.equal(anyIsCut(ours, [{ line: 2, length: 100 }], 0), false);
});

test('a listing and its source lead to each other', () => {
  const map = new LineMap([
    [3, 0],
    [4, 0],
    [6, 2],
  ]);
  assert.deepEqual(
    [map.source(4), map.source(5), map.text(0), map.text(2), map.text(1)],
    [0, undefined, 3, 6, undefined],
  );
});

test('a report keeps its policy in a panel', () => {
  const policy = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-a='; script-src 'sha256-b='">`;
  const page = panelPage(`<head>${policy}</head><body>x</body>`, 'abc=', 'p{}', 'f()') ?? '';
  assert.ok(
    page.includes(`default-src 'none'; style-src 'sha256-a=' 'nonce-abc='; script-src 'sha256-b=' 'nonce-abc='`),
  );
  assert.ok(page.includes('<style nonce="abc=">p{}</style>') && page.includes('<script nonce="abc=">f()</script>'));
  assert.equal(panelPage('<head></head><body></body>', 'abc', '', ''), undefined);
  assert.throws(() => panelPage(policy, `x'; script-src *`, '', ''));
});

const run: NonNullable<Hotspots['run']> = {
  program: 'fib.lua',
  arguments: ['30'],
  complete: true,
  run_ns: 1_234_000_000,
  instructions: 5,
  changed: [],
  sort: 'self',
  filter: 'everything',
};
const nothing = { files: [], functions: [], lines: [], builtins: [], collector: null };

test('the view says what ran, how it ended and what was edited since', () => {
  assert.equal(runText({ run, ...nothing }, String), 'fib.lua 30 · 1.2 s.');
  const stopped = runText({ run: { ...run, complete: false, changed: ['a.lua'] }, ...nothing }, String);
  assert.equal(stopped, 'fib.lua 30 · 1.2 s. It was stopped. Edited since: a.lua.');
  assert.equal(runText({ run: null, ...nothing }, String), undefined);
});

test('a row shows first what it is sorted by', () => {
  const spot = {
    share: 0.412,
    hits: 1_200_000,
    self_ns: 340e6,
    total_ns: 1.5e9,
    allocated_bytes: 2048,
    instructions: 7e9,
  };
  assert.equal(figures(spot, 'self'), '1.2M× · 340 ms');
  assert.equal(figures(spot, 'total'), '1.2M× · 1.5 s');
  assert.equal(figures(spot, 'memory'), '2.0 kB · 1.2M×');
  assert.equal(figures({ ...spot, label: '41% · 1.2M× · ▼ 33% instr' }, 'change'), '▼ 33% instr · 1.2M× · 340 ms');
  assert.equal(figures({ ...spot, stale: true }, 'count'), '7.0G instr · 1.2M× · edited');
});
