import { createHash } from 'node:crypto';
import { adoptionOf } from '../catalog/adoption.ts';
import type { CameraRow, Catalog, CatalogWrite, SegmentRow, StoredSegment } from '../catalog/catalog.ts';
import { parseSegmentId, segmentKey } from '../catalog/segment-id.ts';
import { walkSegment } from '../media/mp4/segment-walk.ts';
import { type WallMicros, wallMicros } from '../time/units.ts';
import type { SegmentStore, StoredObject } from './object-store.ts';
import type { RateLimit } from './rate-limit.ts';

/** `repaired`: catalog, disk and object store agree again. `lost`: footage is gone, and a gap says so. */
export type Outcome = 'repaired' | 'lost' | 'left';

export interface Finding {
  readonly camera: string;
  readonly key: string;
  /** What is wrong, for a person. */
  readonly problem: string;
  readonly outcome: Outcome;
}

export interface VerifyReport {
  readonly segments: number;
  readonly bytesHashed: number;
  readonly findings: number;
  readonly repaired: number;
  readonly lost: number;
  readonly left: number;
}

export interface VerifyOptions {
  readonly catalog: Catalog;
  readonly local: SegmentStore;
  readonly remote: SegmentStore | undefined;
  /** Reads every byte and compares its hash with the one that was taken while it was recorded. */
  readonly deep: boolean;
  /** Says what it would do, and does nothing. */
  readonly dryRun: boolean;
  readonly now: WallMicros;
  /** Footage that started before is destroyed, not taken into the catalog, where it has no row. */
  readonly maximumMicros: number;
  readonly limit: RateLimit;
  readonly onFinding: (finding: Finding) => void;
}

const PAGE = 1_000;
const BLOCK_BYTES = 1024 * 1024;
/** A running server is about to give these their rows. */
const RECENT_MICROS = 600_000_000;

/**
 * Compares the catalog with the disk and the object store, both ways, and puts right what can be put right. Lists are
 * walked side by side, as all three are in one order; only where they differ is each side asked again, alone, as a
 * server may be at work meanwhile.
 */
export async function verify(options: VerifyOptions): Promise<VerifyReport> {
  const report = { segments: 0, bytesHashed: 0, findings: 0, repaired: 0, lost: 0, left: 0 };
  for (const camera of await options.catalog.cameras()) {
    const here = peekable(options.local.list(`${camera.id}/`));
    const there = peekable(options.remote?.list(`${camera.id}/`) ?? nothing());
    for await (const row of rowsOf(options.catalog, camera)) {
      const key = segmentKey(camera.id, row.cameraNo, row.start);
      // What sorts before has no row.
      for (const list of [here, there]) {
        for await (const object of list.before(key))
          await settle(options, camera, object.key, undefined, report);
      }
      report.segments++;
      const local = await here.take(key);
      const remote = await there.take(key);
      const bad = options.deep ? await damaged(options, row, key, report) : [];
      if (bad.length > 0 || !agrees(row, local, remote)) await settle(options, camera, key, bad, report);
    }
    for (const list of [here, there]) {
      for await (const object of list.before(undefined))
        await settle(options, camera, object.key, undefined, report);
    }
  }
  return report;
}

type Tier = 'local' | 'remote';

/** At first sight; lists may be older than the row. */
function agrees(row: StoredSegment, local: number | undefined, remote: number | undefined): boolean {
  if (row.state === 'open' || row.state === 'garbage') return true;
  const here = row.state === 'local' || row.state === 'both' ? local === row.bytes : local === undefined;
  const there = row.state === 'local' || remote === row.bytes;
  return here && there;
}

/** Looks again, at this one alone, and acts. */
async function settle(
  options: VerifyOptions,
  camera: CameraRow,
  key: string,
  bad: readonly Tier[] | undefined,
  report: { findings: number; repaired: number; lost: number; left: number },
): Promise<void> {
  const { catalog, local, remote, onFinding, dryRun } = options;
  const id = parseSegmentId(key.slice(key.lastIndexOf('/') + 1).replace(/\.mp4$/, ''));
  const found = (problem: string, outcome: Outcome): void => {
    report.findings++;
    report[outcome]++;
    onFinding({ camera: camera.id, key, problem, outcome });
  };
  if (id?.cameraNo !== camera.cameraNo) {
    found('it is no segment of this camera', 'left');
    return;
  }
  const row = await catalog.segment(id.cameraNo, id.start);
  const sizes = { local: await local.size(key), remote: await remote?.size(key) };
  if (!row) {
    const age = options.now - id.start;
    if (age < RECENT_MICROS || (sizes.local === undefined && sizes.remote === undefined)) return;
    const problem = `${sizes.local === undefined ? 'the object store' : 'the disk'} has it and the catalog does not`;
    found(problem, await settleStray(options, camera, key, id.start, sizes));
    return;
  }
  if (row.state === 'open' || row.state === 'garbage') return;
  const step = nextStep(row, sizes, bad ?? []);
  if (!step) return;
  found(step.problem, step.outcome);
  if (dryRun) return;
  await catalog.apply(step.writes);
  if (step.removeLocal) await local.remove([key]);
}

interface Step {
  readonly problem: string;
  readonly outcome: Outcome;
  readonly writes: readonly CatalogWrite[];
  readonly removeLocal: boolean;
}

/** What has to happen so that the row says what is there; `undefined`: it does. */
function nextStep(
  row: SegmentRow,
  sizes: { readonly local: number | undefined; readonly remote: number | undefined },
  bad: readonly Tier[],
): Step | undefined {
  const { cameraNo, start, end, bytes } = row;
  const from = row.state as 'local' | 'both' | 'remote';
  const good = (tier: Tier): boolean => sizes[tier] === bytes && !bad.includes(tier);
  const words = (tier: Tier): string => {
    const place = tier === 'local' ? 'on disk' : 'in the object store';
    if (sizes[tier] === undefined) return `it is missing ${place}`;
    return sizes[tier] === bytes
      ? `its content ${place} is not what was recorded`
      : `it has ${sizes[tier]} of ${bytes} bytes ${place}`;
  };
  const moved = (to: 'local' | 'both' | 'remote', problem: string, removeLocal = false): Step => ({
    ...{ problem, outcome: 'repaired', removeLocal },
    writes: from === to ? [] : [{ kind: 'segment-moved', cameraNo, start, from, to }],
  });
  const wanted: readonly Tier[] = from === 'both' ? ['local', 'remote'] : [from];
  const broken = wanted.filter((tier) => !good(tier));
  if (broken.length === 0) {
    return from === 'remote' && sizes.local !== undefined
      ? moved('remote', 'it is on disk still, and counts as only in the object store', true)
      : undefined;
  }
  const problem = broken.map(words).join(', and ');
  if (good('local')) return moved('local', problem);
  if (good('remote')) return moved('remote', problem, sizes.local !== undefined);
  if (sizes.local !== undefined || sizes.remote !== undefined) {
    // A part of it may still be of use: a person has to look at it.
    return { problem, outcome: 'left', writes: [], removeLocal: false };
  }
  return {
    ...{ problem, outcome: 'lost', removeLocal: false },
    writes: [
      { kind: 'segment-discarded', cameraNo, start },
      { kind: 'gap', cameraNo, from: start, to: end, cause: 'lost' },
    ],
  };
}

/** Without a row: it gets one from what it says of itself, or goes if it is past its date. */
async function settleStray(
  options: VerifyOptions,
  camera: CameraRow,
  key: string,
  start: WallMicros,
  sizes: { readonly local: number | undefined; readonly remote: number | undefined },
): Promise<Outcome> {
  const { catalog, local, remote, dryRun } = options;
  if (options.now - start > options.maximumMicros) {
    if (dryRun) return 'repaired';
    const stayed = [...(await local.remove([key])), ...((await remote?.remove([key])) ?? [])];
    return stayed.length === 0 ? 'repaired' : 'left';
  }
  const tier: Tier = sizes.local === undefined ? 'remote' : 'local';
  const store = (tier === 'local' ? local : remote) as SegmentStore;
  const size = sizes[tier] as number;
  const walk = await walkSegment(async (offset, length) => {
    const bytes = Buffer.allocUnsafe(length);
    return bytes.subarray(0, await store.read(key, bytes, 0, length, offset));
  }, size);
  const writes = walk.problem === undefined ? await adoptionOf(catalog, camera, start, walk) : undefined;
  if (!writes) return 'left';
  if (dryRun) return 'repaired';
  const { cameraNo } = camera;
  const move = { kind: 'segment-moved', cameraNo, start, from: 'local', to: 'remote' } as const;
  const sha256 = await hashOf(options, store, key, size);
  await catalog.apply([
    ...writes,
    { kind: 'segment-hashed', cameraNo, start, sha256 },
    ...(tier === 'remote' ? [move] : []),
  ]);
  return 'repaired';
}

/** Tiers of which the content is not what was recorded. */
async function damaged(
  options: VerifyOptions,
  row: StoredSegment,
  key: string,
  report: { bytesHashed: number },
): Promise<Tier[]> {
  const bad: Tier[] = [];
  if (!row.sha256) return bad;
  for (const [tier, store] of [
    ['local', options.local],
    ['remote', options.remote],
  ] as const) {
    if (!store || (row.state !== 'both' && row.state !== tier)) continue;
    if ((await store.size(key)) !== row.bytes) continue;
    const sha256 = await hashOf(options, store, key, row.bytes);
    report.bytesHashed += row.bytes;
    if (Buffer.compare(sha256, row.sha256) !== 0) bad.push(tier);
  }
  return bad;
}

async function hashOf(
  { limit }: VerifyOptions,
  store: SegmentStore,
  key: string,
  size: number,
): Promise<Uint8Array> {
  const hash = createHash('sha256');
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  for (let at = 0; at < size; ) {
    const wanted = Math.min(BLOCK_BYTES, size - at);
    await limit.take(wanted);
    const bytes = await store.read(key, block, 0, wanted, at);
    if (bytes === 0) break;
    hash.update(block.subarray(0, bytes));
    at += bytes;
  }
  return hash.digest();
}

async function* rowsOf(catalog: Catalog, { cameraNo }: CameraRow): AsyncGenerator<StoredSegment> {
  for (let start = wallMicros(0); ; ) {
    const page = await catalog.segmentsFrom(cameraNo, start, PAGE);
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    start = wallMicros(last.start + 1);
  }
}

interface Peekable {
  /** Everything before a key, or all that is left. */
  before(key: string | undefined): AsyncGenerator<StoredObject>;
  /** Bytes of the object of that name, if it is the next one. */
  take(key: string): Promise<number | undefined>;
}

function peekable(objects: AsyncIterable<StoredObject>): Peekable {
  const iterator = objects[Symbol.asyncIterator]();
  let next: Promise<IteratorResult<StoredObject>> | undefined;
  const peek = (): Promise<IteratorResult<StoredObject>> => (next ??= iterator.next());
  return {
    async *before(key) {
      for (;;) {
        const { done, value } = await peek();
        if (done === true || (key !== undefined && value.key >= key)) return;
        next = undefined;
        yield value;
      }
    },
    async take(key) {
      const { done, value } = await peek();
      if (done === true || value.key !== key) return undefined;
      next = undefined;
      return value.bytes;
    },
  };
}

async function* nothing(): AsyncGenerator<StoredObject> {}
