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

  /** Takes a set; says of which kind it is if it is news. */
  put(set: Uint8Array): SetKind | undefined {
    if (!this.#sets.put(set)) return undefined;
    this.#changed = true;
    return this.#sets.kindOf(set);
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
