import { DEFAULT_RETENTION, type Retained } from './config.ts';
import type { ConfigFile } from './schema.ts';
import { formatDuration, parseDuration } from './units.ts';

/** What a file says of how long footage is kept, for all cameras or for one. */
interface Said {
  readonly continuous?: string | undefined;
  readonly motion?: string | undefined;
  readonly event?: string | undefined;
}

const CLASSES = ['continuous', 'motion', 'event'] as const;

const micros = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : parseDuration(text);

/**
 * How long footage is kept where a camera says nothing, never longer than the law allows. What is left out is the same
 * as the class below it.
 */
export function retentionOf({ retention = {} }: Pick<ConfigFile, 'retention'>): Retained & {
  readonly maximumMicros: number;
} {
  const maximumMicros = micros(retention.maximum) ?? DEFAULT_RETENTION.maximumMicros;
  const continuousMicros =
    micros(retention.continuous) ?? Math.min(DEFAULT_RETENTION.continuousMicros, maximumMicros);
  const motionMicros = micros(retention.motion) ?? continuousMicros;
  return {
    continuousMicros,
    motionMicros,
    eventMicros: micros(retention.event) ?? motionMicros,
    maximumMicros,
  };
}

/**
 * The same of a camera. A class that it leaves out is as all cameras have it, where the file says so, and never shorter
 * than the class below it; where the file does not, the camera's own `continuous` counts for all three, so that a camera
 * whose footage has to go after 15 days is not kept for 30 because something moved.
 */
export function cameraRetention(all: ConfigFile['retention'], own: Said | undefined): Retained {
  const continuousMicros = micros(own?.continuous) ?? retentionOf({ retention: all }).continuousMicros;
  const motionMicros = micros(own?.motion) ?? Math.max(continuousMicros, micros(all?.motion) ?? 0);
  const eventMicros = micros(own?.event) ?? Math.max(motionMicros, micros(all?.event) ?? 0);
  return { continuousMicros, motionMicros, eventMicros };
}

/** A setting that is right by itself and wrong beside another one. */
export interface Contradiction {
  readonly path: readonly (string | number)[];
  readonly found: string;
  readonly allowed: string;
}

/**
 * Retentions above the maximum, which is a law's, and footage that would go sooner because something happened in it:
 * mistakes, and not put right in silence.
 */
export function* contradictions(file: ConfigFile): Generator<Contradiction> {
  const all = retentionOf(file);
  yield* contradictionsOf(['retention'], file.retention, all, all.maximumMicros);
  for (const [index, { retention }] of (file.cameras ?? []).entries()) {
    const kept = cameraRetention(file.retention, retention);
    yield* contradictionsOf(['cameras', index, 'retention'], retention, kept, all.maximumMicros);
  }
}

function* contradictionsOf(
  path: Contradiction['path'],
  said: Said = {},
  kept: Retained,
  maximumMicros: number,
): Generator<Contradiction> {
  const longerBy = { continuous: 0, motion: kept.continuousMicros, event: kept.motionMicros };
  const belowName = { continuous: '', motion: 'continuous', event: 'motion' };
  for (const name of CLASSES) {
    const text = said[name];
    const length = micros(text);
    if (length === undefined) continue;
    const found = JSON.stringify(text);
    const least = longerBy[name];
    if (length > maximumMicros) {
      const allowed = `at most retention.maximum, which is ${formatDuration(maximumMicros)}`;
      yield { path: [...path, name], found, allowed };
    } else if (length < least) {
      const allowed = `at least as long as ${belowName[name]}, which is ${formatDuration(least)}`;
      yield { path: [...path, name], found, allowed };
    }
  }
}
