import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Catalog } from '../../src/catalog/catalog.ts';
import {
  EVENT_KINDS,
  type EventKind,
  HEAT,
  LONGEST_EVENT_MICROS,
  type MotionWrite,
} from '../../src/catalog/motion.ts';
import { segmentKey } from '../../src/catalog/segment-id.ts';
import { openSqliteCatalog } from '../../src/catalog/sqlite/open.ts';
import { Destroyer } from '../../src/storage/destroyer.ts';
import { FolderStore } from '../../src/storage/folder-store.ts';
import { type Keeping, Retention } from '../../src/storage/retention.ts';
import { mediaTicks, monoMicros, type WallMicros, wallMicros } from '../../src/time/units.ts';
import { temporaryFolder } from '../support/vigie.ts';

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
/** A whole minute. */
const START = 1_795_000_020_000_000;
const CAMERAS = ['gare', 'quai'] as const;

interface Segment {
  readonly camera: number;
  readonly start: number;
  readonly end: number;
}

interface Event {
  readonly camera: number;
  readonly kind: EventKind;
  readonly from: number;
  /** `null` while it lasts. */
  to: number | null;
}

interface Hold {
  readonly camera: number;
  readonly from: number;
  readonly to: number;
  readonly until: number | null;
  released: boolean;
}

/** What is known at a time, as plain lists. */
interface World {
  readonly segments: Segment[];
  readonly events: Event[];
  readonly looked: Set<string>;
  readonly holds: Hold[];
}

/** The promise in so many words: whether a segment has to be gone at that time. */
function isOverdue(world: World, { camera, start, end }: Segment, keeping: Keeping, now: number): boolean {
  const held = world.holds.some(
    (hold) =>
      hold.camera === camera &&
      !hold.released &&
      (hold.until === null || hold.until > now) &&
      hold.from < end &&
      hold.to > start,
  );
  if (held) return false;
  if (start <= now - keeping.maximumMicros) return true;
  const during = world.events.filter(
    (event) => event.camera === camera && event.from < end && (event.to ?? Number.POSITIVE_INFINITY) > start,
  );
  const minutes: number[] = [];
  for (let at = Math.floor(start / MINUTE) * MINUTE; at < end; at += MINUTE) minutes.push(at);
  const still = minutes.every((minute) => world.looked.has(`${camera} ${minute}`));
  const kept = during.some(({ kind }) => kind !== 'motion')
    ? keeping.eventMicros
    : during.length > 0 || !still
      ? keeping.motionMicros
      : keeping.continuousMicros;
  return end <= now - kept;
}

type Step =
  | { readonly kind: 'record'; readonly camera: number; readonly ago: number; readonly lengths: number[] }
  | {
      readonly kind: 'event';
      readonly camera: number;
      readonly what: EventKind;
      readonly ago: number;
      readonly length: number;
    }
  | { readonly kind: 'end'; readonly pick: number; readonly length: number }
  | { readonly kind: 'look'; readonly camera: number; readonly ago: number; readonly minutes: number }
  | {
      readonly kind: 'hold';
      readonly camera: number;
      readonly ago: number;
      readonly length: number;
      readonly until: number | null;
    }
  | { readonly kind: 'release'; readonly pick: number }
  | { readonly kind: 'pass'; readonly micros: number }
  | { readonly kind: 'die'; readonly after: number };

const camera = fc.nat(CAMERAS.length - 1);
/** Whole seconds and minutes on purpose: borders that touch, or overlap by one microsecond. */
const length = fc.oneof(
  fc.constantFrom(1, SECOND, MINUTE - 1, MINUTE, MINUTE + 1, 2 * MINUTE),
  fc.integer({ min: 1, max: 600 * SECOND }),
);
const ago = fc.oneof(fc.constantFrom(0, MINUTE, 5 * MINUTE), fc.integer({ min: 0, max: 90 * MINUTE }));
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('record' as const),
      camera,
      ago,
      lengths: fc.array(fc.oneof(fc.constant(MINUTE), length), { minLength: 1, maxLength: 20, size: 'max' }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('event' as const),
      camera,
      what: fc.oneof(fc.constant('motion' as const), fc.constantFrom(...EVENT_KINDS)),
      ago,
      length: fc.oneof(length, fc.constant(0)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('end' as const), pick: fc.nat(9), length }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('look' as const),
      camera,
      ago,
      minutes: fc.integer({ min: 1, max: 90 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('hold' as const),
      camera,
      ago,
      length,
      until: fc.option(length),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('release' as const), pick: fc.nat(9) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      micros: fc.integer({ min: SECOND, max: 40 * MINUTE }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('die' as const), after: fc.nat(14) }) },
);
const keeping: fc.Arbitrary<Keeping> = fc
  .tuple(...[1, 2, 3, 4].map(() => fc.constantFrom(2, 5, 10, 20, 30, 45, 60)))
  .map((minutes) => minutes.toSorted((a, b) => a - b).map((count) => count * MINUTE))
  .map(([continuousMicros = 0, motionMicros = 0, eventMicros = 0, maximumMicros = 0]) => ({
    ...{ continuousMicros, motionMicros, eventMicros, maximumMicros },
  }));

/** Stands for the end of the process: thrown out of the middle of the work, at whatever it asks of the catalog. */
class Death extends Error {}

/** A real catalog in a real file, and files; only the clock is ours. */
class Recorder {
  catalog!: Catalog;
  now = START as WallMicros;
  readonly world: World = { segments: [], events: [], looked: new Set(), holds: [] };
  readonly gone = new Set<string>();
  readonly local: FolderStore;
  readonly #path: string;
  readonly #keepings: readonly Keeping[];
  /** Where the next segment of a camera may begin. */
  readonly #ends: number[] = CAMERAS.map(() => START);

  constructor(path: string, keepings: readonly Keeping[]) {
    this.#path = path;
    this.#keepings = keepings;
    this.local = new FolderStore(`${path}/local`);
  }

  async open(): Promise<void> {
    this.catalog = await openSqliteCatalog({ path: `${this.#path}/catalog.db` });
    for (const id of CAMERAS) await this.catalog.putCamera({ id, name: id });
  }

  async step(next: Step): Promise<void> {
    const { world, catalog } = this;
    const cameraNo = 'camera' in next ? next.camera + 1 : 0;
    switch (next.kind) {
      case 'record':
        return this.#record(next.camera, next.ago, next.lengths);
      case 'event': {
        const from = this.now - next.ago;
        const { what: kind, length: micros } = next;
        // One of a kind at a time, and not twice the same: the catalog sees to that, see its own tests.
        const clashes = world.events.some(
          (event) =>
            event.camera === next.camera && event.kind === kind && (event.from === from || event.to === null),
        );
        if (clashes) return;
        const to = micros === 0 ? null : from + micros;
        world.events.push({ camera: next.camera, kind, from, to });
        return this.#tell(cameraNo, kind, from, to);
      }
      case 'end': {
        const open = world.events.filter((event) => event.to === null);
        const event = open[next.pick % open.length];
        if (!event) return;
        event.to = event.from + next.length;
        return this.#tell(event.camera + 1, event.kind, event.from, event.to);
      }
      case 'look': {
        const first = Math.floor((this.now - next.ago) / MINUTE) * MINUTE;
        const writes: MotionWrite[] = [];
        for (let i = 0; i < next.minutes; i++) {
          const minute = wallMicros(first - i * MINUTE);
          world.looked.add(`${next.camera} ${minute}`);
          const heat = i % 3 === 0 ? new Uint8Array(HEAT.columns * HEAT.rows) : null;
          writes.push({
            kind: 'looked',
            looked: { cameraNo, minute, pictures: 2, moving: 0, passed: 1, heat },
          });
        }
        await catalog.motion.apply(writes, this.now);
        return;
      }
      case 'hold': {
        const from = this.now - next.ago;
        const until = next.until === null ? null : this.now + next.until;
        world.holds.push({
          ...{ camera: next.camera, from, to: from + next.length, until, released: false },
        });
        await catalog.putHold({
          ...{ cameraNo, from: wallMicros(from), to: wallMicros(from + next.length) },
          ...{ reference: 'r', reason: 'r', author: 'a', created: this.now },
          until: until === null ? null : wallMicros(until),
        });
        return;
      }
      case 'release': {
        const index = next.pick % world.holds.length;
        const hold = world.holds[index];
        if (!hold) return;
        hold.released = true;
        await catalog.releaseHold(index + 1, this.now, 'b');
        return;
      }
      case 'pass':
        this.now = wallMicros(this.now + next.micros);
        return;
      case 'die': {
        await this.#sweep(next.after).catch((error: unknown) => {
          if (!(error instanceof Death)) throw error;
        });
        await catalog.close();
        return this.open();
      }
    }
  }

  /** It records again, from an earlier time on than it has recorded up to. */
  async restart(next: Extract<Step, { readonly kind: 'record' }>): Promise<void> {
    this.#ends[next.camera] = 0;
    await this.step(next);
  }

  /** Sweeps to the end, and says which files are left. */
  async settle(): Promise<readonly string[]> {
    await this.#sweep(Number.POSITIVE_INFINITY);
    const names = await readdir(this.local.root, { recursive: true }).catch(() => []);
    return names.filter((name) => name.endsWith('.mp4')).toSorted();
  }

  /** The files that are to be left. What has to be gone by now is remembered, as it does not come back. */
  expected(): readonly string[] {
    const { segments } = this.world;
    const going = segments.filter(
      (segment) =>
        !this.gone.has(this.key(segment)) &&
        isOverdue(this.world, segment, this.#keepings[segment.camera] as Keeping, this.now),
    );
    for (const segment of going) this.gone.add(this.key(segment));
    const left = segments.filter((segment) => !this.gone.has(this.key(segment)));
    this.#forget(going, left);
    return left.map((segment) => this.key(segment)).toSorted();
  }

  /** What is to be known of events and of who looked, and what is known. */
  async knowledge(): Promise<readonly [readonly string[], readonly string[]]> {
    const { motion } = this.catalog;
    const events = await motion.events({ limit: 1_000 });
    const looked: string[] = [];
    for (const index of CAMERAS.keys()) {
      const rows = await motion.lookedBetween(index + 1, wallMicros(0), wallMicros(this.now + MINUTE));
      looked.push(...rows.map(({ minute }) => `${index} ${minute}`));
    }
    return [
      [
        ...this.world.events.map((event) => `${event.camera} ${event.kind} ${event.from}`),
        ...this.world.looked,
      ].toSorted(),
      [...events.map(({ cameraNo, kind, from }) => `${cameraNo - 1} ${kind} ${from}`), ...looked].toSorted(),
    ];
  }

  /** What is known of footage goes with the last of it, or when it is too old for any. */
  #forget(going: readonly Segment[], left: readonly Segment[]): void {
    const { events, looked } = this.world;
    const isForgotten = (index: number, from: number, to: number, what: 'minute' | 'event'): boolean => {
      const during = (segment: Segment): boolean =>
        segment.camera === index && segment.start < to && segment.end > from;
      const before = this.now - (this.#keepings[index] as Keeping).maximumMicros - LONGEST_EVENT_MICROS;
      // Of what lasts, the catalog cannot say to when a hold has to reach: as long as it may be.
      const end = what === 'event' && to === Number.POSITIVE_INFINITY ? from + LONGEST_EVENT_MICROS : to;
      const held = this.world.holds.some(
        (hold) =>
          hold.camera === index &&
          !hold.released &&
          (hold.until === null || hold.until > this.now) &&
          hold.from < end &&
          hold.to > from,
      );
      if (from < before && !held) return true;
      return to !== Number.POSITIVE_INFINITY && going.some(during) && !left.some(during);
    };
    for (const event of [...events]) {
      if (isForgotten(event.camera, event.from, event.to ?? Number.POSITIVE_INFINITY, 'event'))
        events.splice(events.indexOf(event), 1);
    }
    for (const known of [...looked]) {
      const [index = 0, minute = 0] = known.split(' ').map(Number);
      if (isForgotten(index, minute, minute + MINUTE, 'minute')) looked.delete(known);
    }
  }

  key({ camera: index, start }: Segment): string {
    return segmentKey(CAMERAS[index] as string, index + 1, wallMicros(start));
  }

  /** @param steps after so many questions to the catalog it ends without warning */
  async #sweep(steps: number): Promise<void> {
    let left = steps;
    const catalog = new Proxy(this.catalog, {
      get(target, name) {
        const value = Reflect.get(target, name) as unknown;
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          if (--left < 0) throw new Death();
          return (value as (...args: unknown[]) => unknown).apply(target, args);
        };
      },
    });
    const clock = { wall: () => this.now, mono: () => monoMicros(this.now - START) };
    const keepings = new Map(CAMERAS.map((id, index) => [id as string, this.#keepings[index] as Keeping]));
    await new Retention(catalog, clock, (id) => keepings.get(id) as Keeping).condemnOverdue(false);
    await new Destroyer({
      ...{ catalog, clock, local: this.local, remote: undefined },
      key: ({ cameraNo, start }) => this.key({ camera: cameraNo - 1, start, end: start }),
      isBusy: () => false,
      onDestroyed: () => undefined,
    }).run();
  }

  async #record(index: number, since: number, lengths: readonly number[]): Promise<void> {
    const { catalog } = this;
    const initNo = await catalog.putInit({ bytes: new Uint8Array(9), codecs: 'avc1', width: 1, height: 1 });
    // It goes on, or began anew after a while.
    let start = Math.max(this.#ends[index] as number, this.now - since);
    for (const micros of lengths) {
      const segment = { camera: index, start, end: start + micros };
      // What is still to come is not recorded yet.
      if (segment.end > this.now) break;
      const key = { cameraNo: index + 1, start: wallMicros(start) };
      await catalog.apply([
        {
          kind: 'segment-opened',
          ...key,
          runStart: key.start,
          initNo,
          headBytes: 9,
          mediaStart: mediaTicks(0),
        },
        {
          ...{ kind: 'segment-closed', ...key, end: wallMicros(segment.end), durationTicks: 1, bytes: 1 },
          ...{ sha256: new Uint8Array(32), recovered: false, fragments: [] },
        },
      ]);
      const path = this.local.path(this.key(segment));
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, 'x');
      this.world.segments.push(segment);
      start = segment.end;
      this.#ends[index] = start;
    }
  }

  async #tell(cameraNo: number, kind: EventKind, from: number, to: number | null): Promise<void> {
    const event = {
      ...{ cameraNo, kind, from: wallMicros(from), to: to === null ? null : wallMicros(to) },
      ...{ continues: false, score: 0.5, box: null, zones: [] },
    };
    expect(await this.catalog.motion.apply([{ kind: 'event', event, tell: [] }], this.now)).toEqual([]);
  }
}

/** After each step the files that are left are those that the promise keeps; returns how many that were. */
async function tell(keepings: readonly Keeping[], steps: readonly Step[]): Promise<number[]> {
  const folder = await temporaryFolder();
  const recorder = new Recorder(folder.path, keepings);
  await recorder.open();
  const left: number[] = [];
  try {
    for (const next of steps) {
      await recorder.step(next);
      const files = await recorder.settle();
      expect(files).toEqual(recorder.expected());
      const [known, found] = await recorder.knowledge();
      expect(found).toEqual(known);
      left.push(files.length);
    }
    return left;
  } finally {
    await recorder.catalog.close();
    await folder.remove();
  }
}

describe('footage that is kept by what happened in it', () => {
  const kept = { continuousMicros: 2 * MINUTE, motionMicros: 30 * MINUTE, eventMicros: 60 * MINUTE };
  const keepings = CAMERAS.map(() => ({ ...kept, maximumMicros: 60 * MINUTE }));
  const pass = (minutes: number): Step => ({ kind: 'pass', micros: minutes * MINUTE });
  /** Five minutes until now. */
  const record: Step = {
    kind: 'record',
    camera: 0,
    ago: 5 * MINUTE,
    lengths: [1, 2, 3, 4, 5].map(() => MINUTE),
  };
  const look: Step = { kind: 'look', camera: 0, ago: 0, minutes: 90 };
  const event = (what: EventKind, from: number, micros: number): Step => ({
    ...{ kind: 'event', camera: 0, what, ago: from, length: micros },
  });

  it.each([
    ['nobody looked', [], 5],
    ['everything was looked at', [look], 0],
    [
      'an event ends where one segment does and another begins',
      [look, event('motion', 3 * MINUTE, MINUTE)],
      1,
    ],
    ['an event begins a microsecond before that', [look, event('motion', 3 * MINUTE + 1, MINUTE)], 2],
    ['an event ends a microsecond after that', [look, event('motion', 3 * MINUTE, MINUTE + 1)], 2],
    ['an event of ten minutes began before all of it', [look, event('motion', 14 * MINUTE, 10 * MINUTE)], 1],
    ['the camera was covered', [look, event('covered', 3 * MINUTE, MINUTE)], 1],
    ['something goes on moving', [look, event('motion', 2 * MINUTE, 0)], 2],
  ] as const)('%s', async (_what, steps, left) => {
    const files = await tell(keepings, [pass(40), ...steps, record, pass(10), pass(25), pass(30)]);
    const isEvent = steps.some((one) => one.kind === 'event' && one.what !== 'motion');
    expect(files.slice(-3)).toEqual([left, isEvent ? left : 0, 0]);
  });

  it.each<readonly [string, readonly Step[]]>([
    ['is released', [{ kind: 'release', pick: 0 }]],
    ['is over by itself', [pass(6)]],
  ])('a hold that has been passed over %s', async (_what, steps) => {
    const until = steps[0]?.kind === 'pass' ? 12 * MINUTE : null;
    const hold: Step = { kind: 'hold', camera: 0, ago: 4 * MINUTE + 1, length: 2 * MINUTE, until };
    const files = await tell(keepings, [pass(40), look, hold, record, pass(7), ...steps]);
    expect(files.slice(-2)).toEqual([3, 0]);
  });

  it('what is learnt late', async () => {
    const open = event('motion', 4 * MINUTE, 0);
    const end: Step = { kind: 'end', pick: 0, length: MINUTE };
    const look2: Step = { kind: 'look', camera: 0, ago: 7 * MINUTE, minutes: 90 };
    expect((await tell(keepings, [pass(40), look, open, record, pass(7), end])).slice(-2)).toEqual([4, 1]);
    expect((await tell(keepings, [pass(40), record, pass(7), look2])).slice(-2)).toEqual([5, 0]);
  });

  it('what is older than what was judged already, as the clock was set back', async () => {
    const folder = await temporaryFolder();
    const recorder = new Recorder(folder.path, keepings);
    await recorder.open();
    try {
      for (const next of [pass(40), look, event('motion', MINUTE, MINUTE), record, pass(10)]) {
        await recorder.step(next);
        await recorder.settle();
      }
      await recorder.step({ ...look, ago: 20 * MINUTE });
      await recorder.restart({ ...record, ago: 20 * MINUTE });
      expect(await recorder.settle()).toEqual(recorder.expected());
      expect(recorder.expected().length).toBe(1);
    } finally {
      await recorder.catalog.close();
      await folder.remove();
    }
  });

  it('an event that nobody ends, forgotten while footage that it kept is there', async () => {
    const brief = CAMERAS.map(() => ({ ...kept, motionMicros: 5 * MINUTE, maximumMicros: 60 * MINUTE }));
    const story = [pass(40), event('frozen', 0, 0), pass(60), record, pass(9), pass(2), pass(1)];
    expect((await tell(brief, story)).slice(-3)).toEqual([5, 5, 0]);
  });

  it('goes exactly when a plain reading of the promise says so, whatever happens in between', async () => {
    const stories = fc.array(step, { minLength: 20, maxLength: 40, size: 'max' });
    await fc.assert(
      fc.asyncProperty(fc.tuple(keeping, keeping), stories, async (random, steps) => {
        await tell(random, steps);
      }),
      // Shrinking such a story takes longer than reading it.
      { numRuns: 30, endOnFailure: true },
    );
  }, 240_000);
});
