import { mkdir, realpath, stat } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import { formatDuration, parseDuration } from '../config/units.ts';
import { bundledFfmpeg } from '../media/ffmpeg-path.ts';
import type { Drawing, DrawingOptions } from '../motion/replay/drawing.ts';
import { FilmDrawing } from '../motion/replay/film-drawing.ts';
import { clockText } from '../motion/replay/overlay.ts';
import { PictureDrawing } from '../motion/replay/picture-drawing.ts';
import { replay, type ReplayedEvent, type ReplayReport } from '../motion/replay/replay.ts';
import { MICROS_PER_SECOND } from '../time/units.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { readConfig } from './serve.ts';

const LEAST_EVERY_MICROS = 40_000;
/** Rarer, and what is seen in one picture has nothing to do with the next. */
const MOST_EVERY_MICROS = 10_000_000;
const DEFAULT_EVERY = '1s';

/** Says what motion detection would have found in a film; draws it if asked to. */
export async function replayMotion(options: {
  readonly file: string | undefined;
  readonly camera: string | undefined;
  readonly config: string | undefined;
  readonly every: string | undefined;
  readonly out: string | undefined;
  readonly json: boolean;
}): Promise<ExitCode> {
  const { file, json } = options;
  if (file === undefined) return wrong('motion replay takes the file to look at.');
  if (options.camera !== undefined && options.config === undefined)
    return wrong(`--camera ${options.camera} needs --config FILE, which says what its zones are.`);
  const everyMicros = parseDuration(options.every ?? DEFAULT_EVERY) ?? 0;
  if (everyMicros < LEAST_EVERY_MICROS || everyMicros > MOST_EVERY_MICROS)
    return wrong(
      `--every ${options.every} is no duration from ${formatDuration(LEAST_EVERY_MICROS)} to ${formatDuration(MOST_EVERY_MICROS)}, as in 200ms or 1s.`,
    );
  const config = options.config === undefined ? undefined : await readConfig(options.config);
  if (options.config !== undefined && !config) return EXIT.usedWrongly;
  const zones = zonesOf(config, options.camera);
  if (zones === undefined) return EXIT.usedWrongly;

  const path = resolve(file);
  const problem = await fileProblem(file, path);
  if (problem !== undefined) return failed(problem);
  const ffmpegPath = config?.ffmpegPath ?? bundledFfmpeg;
  const drawing = await drawingFor(options.out, path, { ffmpegPath, zones, everyMicros });
  if (typeof drawing === 'string') return failed(drawing);
  const result = await replay({ ...{ ffmpegPath, path, everyMicros, zones, drawing } });
  if (result.kind === 'failed') return failed(`${file} cannot be looked at: ${result.problem}.`);
  const { report } = result;
  if (json) {
    const { camera = null } = options;
    process.stdout.write(
      `${JSON.stringify({ file, camera, ...jsonOf(report, everyMicros) }, undefined, 2)}\n`,
    );
  } else process.stdout.write(table(report, everyMicros));
  if (report.complaint !== undefined)
    process.stderr.write(`A part of ${file} may be missing. ffmpeg says: ${report.complaint}\n`);
  for (const sentence of report.undrawn) process.stderr.write(`${sentence}\n`);
  return report.undrawn.length > 0 ? EXIT.failed : EXIT.done;
}

/** `undefined` when there is no such camera: then that has been said. */
function zonesOf(config: Config | undefined, id: string | undefined) {
  if (!config || id === undefined) return [];
  const camera = config.cameras.find((other) => other.id === id);
  if (camera) return camera.detect.zones;
  const ids = config.cameras.map((other) => other.id);
  const known = ids.length > 0 ? `It has ${listed(ids)}.` : 'It has none.';
  process.stderr.write(`The configuration has no camera ${JSON.stringify(id)}. ${known}\n`);
  return undefined;
}

const MOST_LISTED = 20;

function listed(ids: readonly string[]): string {
  const more = ids.length - MOST_LISTED;
  return more > 0 ? `${ids.slice(0, MOST_LISTED).join(', ')} and ${more} more` : ids.join(', ');
}

async function fileProblem(file: string, path: string): Promise<string | undefined> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error)
    return found.code === 'ENOENT'
      ? `There is no file ${file}.`
      : `${file} cannot be read: ${found.message}.`;
  return found.isFile() ? undefined : `${file} is no file. Name a film, or a segment of a recording.`;
}

/** `undefined` without `--out`; a sentence when nothing can be written there. */
async function drawingFor(
  out: string | undefined,
  path: string,
  options: Omit<DrawingOptions, 'path'>,
): Promise<Drawing | string | undefined> {
  if (out === undefined) return undefined;
  const target = resolve(out);
  const isFilm = extname(target).toLowerCase() === '.mp4';
  if (!isFilm && extname(target) !== '')
    return `--out ${out}: films are written as .mp4, pictures into a folder.`;
  try {
    await mkdir(isFilm ? dirname(target) : target, { recursive: true });
  } catch (error) {
    return `--out ${out} cannot be written: ${(error as Error).message}.`;
  }
  if ((await realpath(target).catch(() => target)) === (await realpath(path)))
    return `--out ${out} is the film itself, and would overwrite it.`;
  return isFilm
    ? new FilmDrawing({ ...options, path: target })
    : new PictureDrawing({ ...options, path: target });
}

function jsonOf({ pictures, length, events, more }: ReplayReport, everyMicros: number) {
  const seconds = (micros: number): number => micros / MICROS_PER_SECOND;
  return {
    ...{ everySeconds: seconds(everyMicros), seconds: seconds(length), pictures },
    events: events.map(({ from, to, ...event }) => ({ ...event, from: seconds(from), to: seconds(to) })),
    moreEvents: more,
  };
}

function table({ pictures, length, events, more }: ReplayReport, everyMicros: number): string {
  const rows = events.map(eventRow);
  const lines = rows.length === 0 ? [] : [['kind', 'from', 'to', 'peak', 'zones'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...lines.map((row) => (row[column] ?? '').length)));
  const text = lines.map(
    (row) =>
      `${row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
  );
  const count = events.length + more;
  return [
    ...text,
    ...(more > 0 ? [`… and ${more} more.\n`] : []),
    `${count === 0 ? 'Nothing found' : `${count} ${count === 1 ? 'event' : 'events'}`} in ${clockText(length)}, ` +
      `${pictures} pictures, one each ${formatDuration(everyMicros)}.\n`,
  ].join('');
}

/** Peak: of motion the most of the picture that moved at once. */
const eventRow = ({ kind, from, to, score, zones }: ReplayedEvent): string[] => [
  ...[kind, clockText(from), clockText(to)],
  kind === 'motion' ? `${(score * 100).toFixed(1)} %` : '-',
  zones.join(', ') || '-',
];

function wrong(sentence: string): ExitCode {
  process.stderr.write(`${sentence} See vigie motion --help.\n`);
  return EXIT.usedWrongly;
}

function failed(sentence: string): ExitCode {
  process.stderr.write(`${sentence}\n`);
  return EXIT.failed;
}
