/**
 * Fuzzes for longer than CI does.
 *
 *   npm run fuzz -- [--minutes 10] [--runs N] [--dialogues N] [--target NAME] [--seed N]
 *
 * Targets get equal shares of the time, in turns; `--runs` ends a target after so many inputs, `--dialogues` ends the
 * dialogues. An input that a target does not take is written to `test/fuzz/found/`; when the defect is repaired it
 * belongs into `test/fuzz/corpus/<target>/` as `found-…`, where every run of the tests tries it. Exit code 1 says that
 * there is one.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadTargets } from './target.ts';
import { fuzzInThread } from './watch.ts';

const FOUND_FOLDER = new URL('found/', import.meta.url);
const DIALOGUE = 'dialogue';
const TURN_SECONDS = 20;

const HELP = `npm run fuzz -- [options]

  --minutes N      in all (10), shared out over the targets
  --runs N         a target ends after so many inputs
  --dialogues N    dialogues with a camera end after so many
  --target NAME    only this one
  --seed N         the inputs of an earlier run again

What a target does not take is written to test/fuzz/found/. Exit codes: 0 nothing found, 1 something, 2 used wrongly.
`;

/** Ends here when help is asked for, or words are not understood. */
function optionsOf(): ReturnType<typeof parse> {
  try {
    const parsed = parse();
    if (!parsed.help) return parsed;
    process.stdout.write(HELP);
    return process.exit(0);
  } catch (error) {
    process.stderr.write(`${(error as Error).message.split('. ')[0]}. See npm run fuzz -- --help.\n`);
    return process.exit(2);
  }
}

const parse = () => parseArgs({ options: OPTIONS }).values;

const OPTIONS = {
  help: { type: 'boolean', short: 'h' },
  minutes: { type: 'string', default: '10' },
  runs: { type: 'string', default: 'Infinity' },
  dialogues: { type: 'string', default: 'Infinity' },
  target: { type: 'string' },
  seed: { type: 'string' },
} as const;
const values = optionsOf();
const minutes = Number(values.minutes);
const firstSeed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));
if (!(minutes > 0) || !Number.isInteger(firstSeed)) {
  process.stderr.write('--minutes must be more than 0 and --seed a whole number.\n');
  process.exit(2);
}

interface Tally {
  readonly name: string;
  readonly file: string | undefined;
  readonly most: number;
  executions: number;
  seconds: number;
  failures: number;
}

const names = [
  ...(await loadTargets()).map(({ name, file }) => ({ name, file })),
  { name: DIALOGUE, file: undefined },
];
const tallies: Tally[] = names
  .filter(({ name }) => values.target === undefined || values.target === name)
  .map(({ name, file }) => ({
    ...{ name, file, most: Number(name === DIALOGUE ? values.dialogues : values.runs) },
    ...{ executions: 0, seconds: 0, failures: 0 },
  }));
if (tallies.length === 0) {
  process.stderr.write(
    `There is no target ${values.target}. There are ${names.map(({ name }) => name).join(', ')}.\n`,
  );
  process.exit(2);
}

process.stdout.write(`seed ${firstSeed}\n`);
const endMillis = Date.now() + minutes * 60_000;
const turnMillis = Math.min(TURN_SECONDS * 1000, (minutes * 60_000) / tallies.length);
const isOpen = (tally: Tally): boolean => tally.failures === 0 && tally.executions < tally.most;
while (Date.now() < endMillis && tallies.some(isOpen)) {
  for (const tally of tallies.filter(isOpen)) {
    const { executions, seconds, finding } = await fuzzInThread({
      file: tally.file,
      seed: (firstSeed + tally.executions) >>> 0,
      millis: Math.min(endMillis - Date.now(), turnMillis),
      executions: tally.most - tally.executions,
    });
    tally.executions += executions;
    tally.seconds += seconds;
    if (finding) {
      tally.failures++;
      report(tally.name, finding);
    }
    if (Date.now() >= endMillis) break;
  }
}

process.stdout.write(
  `${'target'.padEnd(20)}${'executions'.padStart(12)}${'a second'.padStart(12)}${'failures'.padStart(10)}\n`,
);
for (const { name, executions, seconds, failures } of tallies) {
  const rate = seconds > 0 ? Math.round(executions / seconds) : 0;
  process.stdout.write(
    `${name.padEnd(20)}${`${executions}`.padStart(12)}${`${rate}`.padStart(12)}${`${failures}`.padStart(10)}\n`,
  );
}
const inputs = tallies
  .filter(({ name }) => name !== DIALOGUE)
  .reduce((sum, { executions }) => sum + executions, 0);
process.stdout.write(`${inputs} inputs in all\n`);
process.exitCode = tallies.some(({ failures }) => failures > 0) ? 1 : 0;

function report(name: string, finding: { bytes: Uint8Array; origin: string; error: string }): void {
  process.stdout.write(`\n${name}: ${finding.origin}\n${finding.error}\n`);
  if (name === DIALOGUE) return;
  mkdirSync(FOUND_FOLDER, { recursive: true });
  const hash = createHash('sha256').update(finding.bytes).digest('hex').slice(0, 12);
  const path = new URL(`${name}-${hash}.bin`, FOUND_FOLDER);
  writeFileSync(path, finding.bytes);
  process.stdout.write(`written to ${fileURLToPath(path)}\n\n`);
}
