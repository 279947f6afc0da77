import type { FragmentBuilder } from '../media/fragment-builder.ts';
import { ParameterSets, type SetKind } from '../media/parameter-sets.ts';
import type { VideoConfig } from '../media/video-config.ts';

/** The parameter sets of the stream that is being received, and what decoders are told of it. */
export class StreamSets {
  /** Of the pictures since the last key frame; `undefined` before the first one of all. */
  config: VideoConfig | undefined;

  #sets = new ParameterSets('h264');
  #changed = false;

  /** Of what nothing has come yet. */
  get missing(): readonly SetKind[] {
    return this.#sets.missing;
  }

  /** A new stream begins. */
  begin(sets: ParameterSets): void {
    this.#sets = sets;
    this.#changed = true;
  }

  /**
   * Takes a set.
   * @param pictures of the stream, once it has begun: the configuration changes at the next key frame, and what an
   *   encoder changes before that (it may give any picture a new picture parameter set) goes with the pictures, where
   *   decoders look for it too
   */
  put(source: Buffer, start: number, end: number, pictures: FragmentBuilder | undefined): void {
    const set = source.subarray(start, end);
    if (!this.#sets.put(set)) return;
    this.#changed = true;
    if (!pictures || this.#sets.kindOf(set) !== 'pps') return;
    pictures.beginNal();
    pictures.write(source, start, end);
    pictures.endNal();
  }

  /** With the first key frame; `undefined`: not everything is there that a decoder has to be told. */
  first(): VideoConfig | undefined {
    if (!this.#sets.complete) return undefined;
    this.config = this.#sets.config();
    if (this.config) this.#changed = false;
    return this.config;
  }

  /** With each further key frame: what it changes `config` to; `undefined`: nothing. */
  next(): VideoConfig | undefined {
    if (!this.#changed) return undefined;
    this.#changed = false;
    const config = this.#sets.config();
    if (!config || !this.config) return undefined;
    return Buffer.compare(config.decoderConfig, this.config.decoderConfig) === 0 ? undefined : config;
  }
}
