import type { FragmentBuilder } from '../../src/media/fragment-builder.ts';
import { ParameterSets } from '../../src/media/parameter-sets.ts';
import type { VideoConfig } from '../../src/media/video-config.ts';
import { parseAvcC } from '../../src/media/h264/decoder-config.ts';

/** The parameter sets of an encoded H.264 video, as a camera sends them. */
export function setsOf(config: Pick<VideoConfig, 'decoderConfig'>): ParameterSets {
  const sets = new ParameterSets('h264');
  for (const nal of setNalsOf(config)) sets.put(nal);
  return sets;
}

/** The same as NAL units. */
export function setNalsOf({ decoderConfig }: Pick<VideoConfig, 'decoderConfig'>): readonly Uint8Array[] {
  const parsed = parseAvcC(decoderConfig);
  return [...(parsed?.sps ?? []), ...(parsed?.pps ?? [])];
}

/** NAL units of a sample with four-byte lengths. */
export function* nalsOf(sample: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(sample.buffer, sample.byteOffset, sample.length);
  for (let at = 0; at + 4 <= sample.length; ) {
    const length = view.getUint32(at);
    yield sample.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
}

/** Puts a whole access unit into a builder. */
export function collect(builder: FragmentBuilder, nals: readonly Uint8Array[]): void {
  for (const nal of nals) {
    builder.beginNal();
    builder.write(Buffer.from(nal), 0, nal.length);
    builder.endNal();
  }
}
