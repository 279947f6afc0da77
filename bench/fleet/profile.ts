import type { ClipSpec } from '../../src/simulator/ensure-clip.ts';
import type { Scene } from '../../src/simulator/scene.ts';

/** What the cameras of a run look at. */
export const PROFILES = ['city', 'day', 'night', 'rain', 'static', 'busy', 'smart'] as const;
export type Profile = (typeof PROFILES)[number];

/** What the encoders of all cameras of a run have in common. */
export interface Encoding {
  readonly codec: 'h264' | 'h265';
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly gopFrames: number;
  readonly bitrateBps: number;
}

/** What one camera plays. Both clips have groups of pictures of the same length, so that one can follow the other. */
export interface Programme {
  readonly clip: ClipSpec;
  /** What it plays for a few seconds now and then: something happens. */
  readonly event: ClipSpec | undefined;
}

/** "Smart" codecs of Hikvision, Dahua and others stretch a quiet scene's group of pictures to this. */
const SMART_GOP_SECONDS = 10;
/** Clips have about so many seconds, in whole groups of pictures. */
const CLIP_SECONDS = 8;
const SUB_STREAM = { width: 640, height: 360, bitrateBps: 512_000 } as const;

/** Of ten cameras of a city, what each looks at: most are quiet, and something passes now and then. */
const CITY: readonly { readonly scene: Scene; readonly event?: Scene; readonly smart?: true }[] = [
  { scene: 'static', event: 'day' },
  { scene: 'static', event: 'day' },
  { scene: 'night' },
  { scene: 'static', event: 'day' },
  { scene: 'static', smart: true },
  { scene: 'day' },
  { scene: 'static', event: 'day' },
  { scene: 'rain' },
  { scene: 'static', event: 'day' },
  { scene: 'busy' },
];

/** @param index of the camera: neighbours look at different things */
export function programmeOf(profile: Profile, encoding: Encoding, index: number): Programme {
  switch (profile) {
    case 'city': {
      const { scene, event, smart } = CITY[index % CITY.length] as (typeof CITY)[number];
      const own = smart ? smartened(encoding) : encoding;
      return { clip: clipOf(own, scene), event: event && clipOf(own, event) };
    }
    case 'smart':
      return { clip: clipOf(smartened(encoding), 'static'), event: undefined };
    case 'day':
    case 'night':
    case 'rain':
    case 'static':
    case 'busy':
      return { clip: clipOf(encoding, profile), event: undefined };
  }
}

/** What a camera's second, small stream shows. */
export function subStreamOf(profile: Profile, encoding: Encoding, index: number): Programme {
  return programmeOf(profile, { ...encoding, ...SUB_STREAM }, index);
}

/** What a camera that changes its size goes over to. */
export function resizedOf(profile: Profile, encoding: Encoding, index: number): Programme {
  const half = (pixels: number): number => Math.max(64, Math.round(pixels / 8) * 4);
  const { width, height } = encoding;
  return programmeOf(profile, { ...encoding, width: half(width), height: half(height) }, index);
}

const smartened = (encoding: Encoding): Encoding => ({
  ...encoding,
  gopFrames: Math.round(SMART_GOP_SECONDS * encoding.fps),
});

function clipOf(encoding: Encoding, scene: Scene): ClipSpec {
  const { gopFrames, fps } = encoding;
  const groups = Math.max(1, Math.round((CLIP_SECONDS * fps) / gopFrames));
  return { ...encoding, frames: groups * gopFrames, scene };
}
