import type { EventKind } from '../../catalog/motion.ts';
import { MICROS_PER_SECOND, microsToTicks, wallMicros } from '../../time/units.ts';
import { createModel } from '../camera-model.ts';
import { GREY_HEIGHT, GREY_WIDTH } from '../decode/grey-output.ts';
import { look } from '../look.ts';
import type { EndedEvent } from '../event-book.ts';
import { SpanTracker } from '../span-tracker.ts';
import type { Zone } from '../zones/zone.ts';
import { createZoneRaster } from '../zones/zone-raster.ts';
import type { Drawing } from './drawing.ts';
import { type FilmPicture, readFilm } from './film-reader.ts';

/** As an event of a camera; times are of the film, microseconds. */
export type ReplayedEvent = Pick<EndedEvent, 'kind' | 'score' | 'box' | 'zones'> & {
  readonly from: number;
  readonly to: number;
};

export interface ReplayReport {
  readonly pictures: number;
  /** Of the film, as far as it was looked at, microseconds. */
  readonly length: number;
  readonly events: readonly ReplayedEvent[];
  /** Events besides. */
  readonly more: number;
  /** What ffmpeg had to say of the film: a part of it may be missing. */
  readonly complaint: string | undefined;
  /** What could not be drawn, as sentences. */
  readonly undrawn: readonly string[];
}

export type ReplayResult =
  | { readonly kind: 'done'; readonly report: ReplayReport }
  | { readonly kind: 'failed'; readonly problem: string };

/** A film of a year has fewer. */
const MOST_EVENTS = 10_000;
/**
 * Films begin here, since what led up to an event may begin before what is seen of it: any moment does that is far from
 * the beginning of time.
 */
const BEGINNING = wallMicros(86_400 * MICROS_PER_SECOND);
const CAMERA_NO = 0;

/** Runs a film past the same code that looks at cameras, from a model that has seen nothing. */
export async function replay(options: {
  readonly ffmpegPath: string;
  readonly path: string;
  readonly everyMicros: number;
  readonly zones: readonly Zone[];
  readonly drawing: Drawing | undefined;
}): Promise<ReplayResult> {
  const { everyMicros, drawing } = options;
  const model = createModel(GREY_WIDTH, GREY_HEIGHT);
  const raster = createZoneRaster(options.zones, GREY_WIDTH, GREY_HEIGHT);
  const events: ReplayedEvent[] = [];
  let more = 0;
  let pictures = 0;
  let over: ReplayedEvent[] = [];
  const open = new Set<EventKind>();
  const tracker = new SpanTracker(CAMERA_NO, {
    began: ({ kind }) => open.add(kind),
    ended({ kind, score, box, zones, from, to }) {
      open.delete(kind);
      const within = (at: number): number => Math.max(0, at - BEGINNING);
      over.push({ kind, score, box, zones, from: within(from), to: within(to) });
    },
  });
  const settle = async (end: number): Promise<void> => {
    for (const event of over) {
      const whole = { ...event, to: Math.min(event.to, end) };
      if (events.length < MOST_EVENTS) events.push(whole);
      else more++;
      await drawing?.ended(whole);
    }
    over = [];
  };
  const show = async (picture: FilmPicture): Promise<void> => {
    const at = pictures * everyMicros;
    const elapsedTicks = pictures === 0 ? 0 : microsToTicks(everyMicros);
    pictures++;
    const { motion, tamper } = model;
    const buffers = { motion: motion.shared, tamper: tamper.shared };
    const seen = look({ frame: picture.grey, ...buffers, elapsedTicks, zones: raster });
    if (!seen) throw new TypeError('The model is not of the size of the pictures.');
    const moving = tracker.take(wallMicros(BEGINNING + at), elapsedTicks, seen);
    await settle(Number.POSITIVE_INFINITY);
    const { boxes, evidence } = seen;
    await drawing?.add(picture, { at, boxes, evidence, moving, told: open.size > 0 }, [...open]);
  };
  const reading = await readFilm(options, show);
  if (reading.kind === 'failed') return reading;
  tracker.fallSilent();
  const length = (pictures - 1) * everyMicros;
  await settle(length);
  const undrawn = (await drawing?.finish()) ?? [];
  return {
    kind: 'done',
    report: {
      ...{ pictures, length, more, undrawn },
      events: events.toSorted((a, b) => a.from - b.from),
      complaint: reading.complaint,
    },
  };
}
