import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { type AccessUnit, groupAccessUnits } from './access-unit.ts';
import { splitNals } from './annexb.ts';
import { nalRole, type VideoCodec } from './nal-unit.ts';
import { type PacketizedFrame, packetizeUnit } from './packetizer.ts';

/** A clip in memory, packed for the wire: what a simulated camera plays over and over. */
export interface Clip {
  readonly codec: VideoCodec;
  readonly fps: number;
  readonly frames: readonly PacketizedFrame[];
  /** Presentation order of each frame, in frames from the clip's start: only B-frames differ from 0, 1, 2, … */
  readonly presentation: Uint32Array;
  /** The first group of pictures, in frames. */
  readonly gopFrames: number;
  /** Parameter sets of the first key frame, for the session description. */
  readonly parameterSets: readonly Buffer[];
}

/** What an Annex B file does not say of itself, in a file beside it: `<clip>.json`. */
export const clipNotesSchema = z.strictObject({
  codec: z.enum(['h264', 'h265']),
  fps: z.number().positive().max(240),
  presentation: z.array(z.number().int().nonnegative()).optional(),
});
export type ClipNotes = z.infer<typeof clipNotesSchema>;

export const notesPath = (clipPath: string): string => `${clipPath}.json`;

/** Reads an Annex B file and its notes; without notes it is 25 frames a second and what its name says. */
export function loadClip(path: string, identity: boolean): Clip {
  const notes = existsSync(notesPath(path))
    ? clipNotesSchema.parse(JSON.parse(readFileSync(notesPath(path), 'utf8')))
    : { codec: /\.(h265|265|hevc)$/i.test(path) ? ('h265' as const) : ('h264' as const), fps: 25 };
  return packetizeClip(readFileSync(path), notes, identity, path);
}

/**
 * @param name where it came from, for messages
 * @throws TypeError when this is no clip that can be looped: it must begin with a key frame
 */
export function packetizeClip(bytes: Buffer, notes: ClipNotes, identity: boolean, name: string): Clip {
  const { codec, fps } = notes;
  const units = groupAccessUnits(splitNals(bytes), codec);
  const first = units[0];
  if (!first?.key) throw new TypeError(`A clip must begin with a key frame, but ${name} does not.`);
  const parameterSets = first.nals.filter((nal) => nalRole(nal, codec) === 'parameters');
  if (parameterSets.length < (codec === 'h264' ? 2 : 3)) {
    throw new TypeError(`A clip must begin with its parameter sets, but ${name} does not.`);
  }
  const presentation = Uint32Array.from(notes.presentation ?? units.keys());
  if (presentation.length !== units.length) {
    throw new TypeError(`${name} has ${units.length} pictures, but its notes time ${presentation.length}.`);
  }
  const secondKey = units.findIndex((unit, i) => i > 0 && unit.key);
  return {
    codec,
    fps,
    frames: units.map((unit) => packetizeUnit(withParameters(unit, parameterSets, codec), codec, identity)),
    presentation,
    gopFrames: secondKey < 0 ? units.length : secondKey,
    parameterSets,
  };
}

/** Parameter sets stand before every key frame, so that a client may begin at any of them. */
function withParameters(unit: AccessUnit, sets: readonly Buffer[], codec: VideoCodec): AccessUnit {
  if (!unit.key || unit.nals.some((nal) => nalRole(nal, codec) === 'parameters')) return unit;
  return { ...unit, nals: [...sets, ...unit.nals] };
}
