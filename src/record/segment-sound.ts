import type { SoundTrackRun } from '../media/mp4/sound-samples.ts';
import type { SoundRun } from '../media/sound-collector.ts';
import { MEDIA_TICKS_PER_SECOND } from '../time/units.ts';

/** Sound as a file has it, whose times count from `baseTicks`; what was heard before that has no place in it. */
export function soundIn(
  { config, samples, payloadBytes, startSample, slices }: SoundRun,
  baseTicks: number,
): { readonly track: SoundTrackRun; readonly slices: readonly Buffer[] } | undefined {
  const mediaStart = startSample - Math.round((baseTicks * config.sampleRate) / MEDIA_TICKS_PER_SECOND);
  return mediaStart < 0 ? undefined : { track: { mediaStart, samples, payloadBytes }, slices };
}
