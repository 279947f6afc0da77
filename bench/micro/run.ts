/**
 * What the work of the hot paths costs, in multiples of a fixed piece of work that is measured in the same run: so a
 * regression shows as a ratio, on whatever machine and under whatever load.
 *
 *   npm run bench:micro -- [--update] [--only NAME,…] [--quick] [--tolerance 1.5] [--ratios FILE] [--json FILE]
 *
 * Exits 1 when a ratio has grown by more than the tolerance, three times in a row.
 */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Case, type Measured, measure, QUICK, THOROUGH } from './harness.ts';
import { detectMotion } from './look.ts';
import { buildClip, queryTimeline } from './play.ts';
import { buildFragment, depacketise } from './receive.ts';
import { createReferences } from './references.ts';
import { judge, type Stored, storedSchema } from './verdict.ts';
import { walkBoxes } from './walk.ts';

const HELP = `npm run bench:micro -- [options]

  --update         store what is measured as what is right
  --only NAME,…    some of the cases
  --quick          to see that it works, in a tenth of the time
  --tolerance N    by what factor a ratio may grow (1.5)
  --ratios FILE    where they are stored (bench/micro/ratios.json)
  --json FILE      the figures for a program
`;
const CASES: readonly Case[] = [
  depacketise,
  buildFragment,
  walkBoxes,
  queryTimeline,
  detectMotion,
  buildClip,
];
const TRIES = 3;

const { values } = parseArgs({
  options: {
    update: { type: 'boolean', default: false },
    only: { type: 'string' },
    tolerance: { type: 'string', default: '1.5' },
    ratios: { type: 'string', default: fileURLToPath(new URL('ratios.json', import.meta.url)) },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const names = values.only?.split(',');
const cases = CASES.filter(({ name }) => names?.includes(name) ?? true);
if (cases.length !== (names?.length ?? CASES.length)) {
  fail(`--only knows ${CASES.map(({ name }) => name).join(', ')}. Got ${values.only}`);
}
const tolerance = Number(values.tolerance);
if (!(tolerance > 1 && tolerance < 100))
  fail(`--tolerance is more than 1, as in 1.5. Got ${values.tolerance}`);
const stored: Stored = existsSync(values.ratios)
  ? storedSchema.parse(JSON.parse(await readFile(values.ratios, 'utf8')))
  : {};

const effort = values.quick ? QUICK : THOROUGH;
const references = createReferences();
const results: (Measured & { readonly stored: number | null; readonly state: string })[] = [];
process.stdout.write(
  `${'case'.padEnd(12)}${'a run'.padStart(12)}${'ratio'.padStart(9)}${'±'.padStart(7)}${'stored'.padStart(9)}${'change'.padStart(9)}\n`,
);
for (const one of cases) {
  let measured = await measure(one, references, effort);
  if (values.update) {
    const more = [measured, await measure(one, references, effort), await measure(one, references, effort)];
    measured = more.toSorted((a, b) => a.ratio - b.ratio)[1] ?? measured;
  }
  let verdict = judge(measured, stored, tolerance);
  for (let tries = 1; tries < TRIES && verdict.state === 'slower' && !values.update; tries++) {
    // What was measured in a bad moment is better in the next one; a regression stays.
    const again = await measure(one, references, effort);
    if (again.ratio < measured.ratio) measured = again;
    verdict = judge(measured, stored, tolerance);
  }
  results.push({ ...measured, stored: stored[one.name] ?? null, state: verdict.state });
  const cells = [
    `${measured.runMicros.toFixed(0)} µs`.padStart(12),
    measured.ratio.toFixed(3).padStart(9),
    `${(measured.spread * 100).toFixed(1)} %`.padStart(7),
    (stored[one.name]?.toFixed(3) ?? '-').padStart(9),
    (verdict.change === undefined ? '-' : `x ${verdict.change.toFixed(2)}`).padStart(9),
  ];
  process.stdout.write(
    `${one.name.padEnd(12)}${cells.join('')}  ${verdict.state === 'same' ? '' : verdict.state.toUpperCase()}\n`,
  );
}
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(results, undefined, 2)}\n`);
if (values.update) {
  const ratios = { ...stored, ...Object.fromEntries(results.map(({ name, ratio }) => [name, round(ratio)])) };
  await writeFile(values.ratios, `${JSON.stringify(ratios, undefined, 2)}\n`);
} else {
  const slower = results.filter(({ state }) => state === 'slower');
  if (slower.length > 0) {
    process.stdout.write(`Slower than they were: ${slower.map(({ name }) => name).join(', ')}.\n`);
    process.exitCode = 1;
  }
}

function round(ratio: number): number {
  return Number(ratio.toPrecision(4));
}
