import type { CameraRow } from '../catalog/catalog.ts';
import { VigieError } from '../errors/catalog.ts';
import { type WallMicros, wallMicros } from '../time/units.ts';
import { type ClipSources, planClip } from './clip/plan.ts';
import { selectPicture } from './clip/select.ts';
import { decodePicture } from './picture-decoder.ts';
import { createSlots } from './slots.ts';

/** Two decoders leave a core to the recorder even on the smallest machine; the next few wait for a moment. */
const AT_ONCE = 2;
const WAITING = 8;
/** A picture is looked for this far back, so that a moment just behind the end of a recording still has one. */
const TOLERANCE_MICROS = 40_000;

export interface StillMaker {
  /**
   * The picture that was on screen at `at`, as JPEG; `undefined` when the camera was not recorded then.
   * @param width pixels; the height follows. 0 = as recorded
   * @throws {VigieError} VIGIE_BUSY, VIGIE_STILL_FAILED, VIGIE_SEGMENT_UNREADABLE
   */
  at(camera: CameraRow, at: WallMicros, width: number): Promise<Uint8Array | undefined>;
}

export function createStillMaker(
  options: ClipSources & { readonly ffmpegPath: string; readonly timeoutMillis?: number },
): StillMaker {
  const slots = createSlots({ what: 'pictures', atOnce: AT_ONCE, waiting: WAITING });

  return {
    async at(camera, at, width) {
      const segments = await options.segments.between(
        camera,
        wallMicros(at - TOLERANCE_MICROS),
        wallMicros(at + 1),
      );
      // The last one that has begun is the one that holds the moment, or has just ended.
      const holder = segments.findLast((segment) => segment.start <= at);
      if (!holder) return undefined;
      const selection = selectPicture(holder, at);
      if (!selection) return undefined;
      return slots.run(async () => {
        // The same file as a clip that ends with the wanted picture: its group of pictures up to there, nothing else.
        const plan = await planClip(options, camera, selection, true);
        const picture = await decodePicture({
          ffmpegPath: options.ffmpegPath,
          plan,
          reader: options.segments.reader,
          width,
          timeoutMillis: options.timeoutMillis ?? 10_000,
        });
        if (picture.kind === 'failed')
          throw new VigieError('VIGIE_STILL_FAILED', { problem: picture.problem });
        return picture.jpeg;
      });
    },
  };
}
