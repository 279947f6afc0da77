/**
 * People who watch while everything is recorded: viewers follow a camera a few seconds behind what happens, and seeks go to
 * random moments of what has been recorded. A process of its own, so that what it costs is not the server's.
 *
 *   node bench/load/watchers-process.ts '{"url": "…", "cameras": 10, "viewers": 2, "seeks": 1}'
 *
 * Ends with its input, and then says what it found in one line of JSON.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { cameraPath } from '../fleet/fleet-options.ts';
import type { Watching } from './measured.ts';
import { parsePlaylist, type Playlist, type PlaylistPart } from './playlist.ts';
import { percentilesOf } from './prometheus.ts';
import type { WatchersOptions } from './spawn-watchers.ts';

/** A viewer sees what was recorded so long ago: a group of pictures has to be whole and written. */
const BEHIND_MILLIS = 8_000;
const REFRESH_MILLIS = 2_000;
/** A viewer's playlist grows for so long, and half of it is used. */
const VIEW_MILLIS = 3_600_000;
const REQUEST_MILLIS = 10_000;
const SEEK_RANGE_MILLIS = 10_000;
/** Latencies that are kept of each kind. */
const MAX_KEPT = 100_000;

const options = JSON.parse(process.argv[2] ?? '{}') as WatchersOptions;
const began = Date.now();
const firstBytes: number[] = [];
const seeks: number[] = [];
let requests = 0;
let failures = 0;
let over = false;

const keep = (list: number[], value: number): void => {
  if (list.length < MAX_KEPT) list.push(value);
};

/** The whole answer; `undefined` when there is none, which is counted. */
async function get(path: string, range?: string): Promise<Buffer | undefined> {
  requests++;
  const asked = performance.now();
  try {
    const answer = await fetch(`${options.url}${path}`, {
      signal: AbortSignal.timeout(REQUEST_MILLIS),
      ...(range ? { headers: { range } } : {}),
    });
    // Not recorded yet: no failure.
    if (answer.status === 404) return undefined;
    if (!answer.ok) throw new Error(`${answer.status}`);
    keep(firstBytes, (performance.now() - asked) / 1_000);
    return Buffer.from(await answer.arrayBuffer());
  } catch {
    if (!over) failures++;
    return undefined;
  }
}

async function playlist(camera: number, from: number, to: number): Promise<Playlist | undefined> {
  const [first, last] = [from, to].map((time) => encodeURIComponent(new Date(time).toISOString()));
  const bytes = await get(`/api/cameras/${cameraPath(camera)}/hls/index.m3u8?from=${first}&to=${last}`);
  return bytes && parsePlaylist(bytes.toString());
}

async function view(viewer: number): Promise<void> {
  const camera = viewer % options.cameras;
  // Not all at once.
  await sleep((REFRESH_MILLIS * viewer) / Math.max(1, options.viewers));
  let from = Date.now() - BEHIND_MILLIS;
  const seen = new Set<string>();
  let start: PlaylistPart | undefined;
  while (!over) {
    if (Date.now() - from > VIEW_MILLIS / 2) {
      from = Date.now() - BEHIND_MILLIS;
      seen.clear();
    }
    const list = await playlist(camera, from, from + VIEW_MILLIS);
    if (list?.start && list.start.path !== start?.path) {
      start = list.start;
      await get(start.path, start.range);
    }
    for (const { path, range } of list?.entries ?? []) {
      const key = `${path} ${range}`;
      if (seen.has(key) || over) continue;
      seen.add(key);
      await get(path, range);
    }
    await sleep(REFRESH_MILLIS);
  }
}

async function seek(): Promise<void> {
  const camera = Math.floor(Math.random() * options.cameras);
  const moment = began + Math.random() * (Date.now() - BEHIND_MILLIS - began);
  if (moment < began) return;
  const asked = performance.now();
  const list = await playlist(camera, moment, moment + SEEK_RANGE_MILLIS);
  const [first] = list?.entries ?? [];
  if (!list?.start || !first) return;
  await get(list.start.path, list.start.range);
  if (await get(first.path, first.range)) keep(seeks, (performance.now() - asked) / 1_000);
}

for (let viewer = 0; viewer < options.viewers; viewer++) void view(viewer);
const timer = options.seeks > 0 ? setInterval(() => void seek(), 1_000 / options.seeks) : undefined;

process.on('SIGINT', () => undefined);
process.stdin.resume();
process.stdin.on('end', () => {
  over = true;
  clearInterval(timer);
  const found: Watching = {
    ...{ requests, failures, firstByte: percentilesOf(firstBytes), seek: percentilesOf(seeks) },
  };
  process.stdout.write(`${JSON.stringify(found)}\n`, () => process.exit(0));
});
