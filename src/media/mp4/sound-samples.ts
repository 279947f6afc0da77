/** The frames of sound of one fragment, as columns. Each can be decoded from, and is shown as it comes. */
export interface SoundSamples {
  readonly count: number;
  /** Bytes of each frame. */
  readonly sizes: Uint32Array;
  /** Samples until the next frame; longer than the frame itself where sound is missing behind it. */
  readonly durations: Uint32Array;
}

/** What a fragment's head says of its sound. */
export interface SoundTrackRun {
  /** When the first frame is heard, in samples since the start of the run. */
  readonly mediaStart: number;
  readonly samples: SoundSamples;
  /** Sum of the frames' sizes: they follow the video's samples. */
  readonly payloadBytes: number;
}
