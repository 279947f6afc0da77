import type { SourceFailure } from '../ingest/camera-source.ts';

/** What a test of a camera found. Holds no secret: it is shown, sent and kept. */
export interface CameraReport {
  /** Video came that can be recorded. */
  readonly works: boolean;
  /** Where it was looked for, without user and password. */
  readonly address: string;
  /** One sentence for a person: why it does not work; empty when it does. */
  readonly reason: string;
  readonly cause: SourceFailure['cause'] | 'no-video' | 'no-keyframe' | null;
  /** How long it was watched, from the first picture to the last. */
  readonly watchedMicros: number;
  readonly video: VideoReport | null;
  /** What the camera offers, and not what is recorded. */
  readonly audio: AudioReport | null;
  /** Camera clock minus ours; `null` when it never tells. */
  readonly clockOffsetMicros: number | null;
  readonly packetsLost: number;
  /** What is not as it should be. */
  readonly findings: readonly Finding[];
  /** Lines for `cameras:` in the configuration, with variables in place of user and password. */
  readonly configuration: readonly string[];
}

export interface VideoReport {
  readonly codec: 'h264' | 'h265';
  /** RFC 6381, as in `avc1.640028`; empty while the parameter sets are not known. */
  readonly codecs: string;
  /** Pixels; 0 = unknown. */
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  readonly bitrateBps: number;
  /** The longest time from one key frame to the next; `null` when there were not two. */
  readonly keyFrameMicros: number | null;
  /** Pictures come in another order than they are shown. */
  readonly reordered: boolean;
}

export interface AudioReport {
  /** `AAC`, `PCMA`, `OPUS`, … */
  readonly codec: string;
  readonly sampleRate: number;
  readonly channels: number;
}

export interface Finding {
  /** In the list of what cameras do wrong; `null` for what is only worth knowing. */
  readonly id: string | null;
  /** What it does, and what that means. */
  readonly sentence: string;
}

/** Each kind once, however often it is met. */
export class Findings {
  readonly #found = new Map<string, Finding>();

  add(id: string | null, sentence: string): void {
    const key = id ?? sentence;
    if (!this.#found.has(key)) this.#found.set(key, { id, sentence });
  }

  has(id: string): boolean {
    return this.#found.has(id);
  }

  list(): readonly Finding[] {
    return [...this.#found.values()];
  }
}
