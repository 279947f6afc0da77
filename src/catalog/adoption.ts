import type { SegmentWalk } from '../media/mp4/segment-walk.ts';
import { codecsOf, joinCodecs } from '../media/parameter-sets.ts';
import type { WallMicros } from '../time/units.ts';
import type { CameraRow, Catalog, CatalogWrite } from './catalog.ts';

/**
 * The writes that make a row for a segment that has none, from what the segment says of itself.
 * @returns `undefined` when it says to be another one than its name does, or holds nothing
 */
export async function adoptionOf(
  catalog: Catalog,
  { cameraNo }: CameraRow,
  start: WallMicros,
  walk: SegmentWalk,
): Promise<readonly CatalogWrite[] | undefined> {
  const { identity, initInfo, init } = walk;
  if (identity?.start !== start || identity.cameraNo !== cameraNo || !init || !initInfo) return undefined;
  if (walk.fragments.length === 0) return undefined;
  const initNo = await catalog.putInit({
    bytes: init,
    codecs: joinCodecs(codecsOf(initInfo.codec, initInfo.decoderConfig), initInfo.sound?.codecs),
    width: initInfo.width,
    height: initInfo.height,
  });
  const { runStart } = identity;
  return [
    {
      ...{ kind: 'segment-opened', cameraNo, start, runStart, initNo },
      ...{ mediaStart: walk.mediaStart, headBytes: walk.headBytes },
    },
    closingOf({ cameraNo, start }, walk),
  ];
}

/** Closes a segment that recovery has walked; its hash comes later. */
export function closingOf(
  { cameraNo, start }: { readonly cameraNo: number; readonly start: WallMicros },
  walk: SegmentWalk,
): Extract<CatalogWrite, { kind: 'segment-closed' }> {
  const { wallEnd: end, durationTicks, goodBytes: bytes, fragments } = walk;
  return {
    ...{ kind: 'segment-closed', cameraNo, start, end, durationTicks, bytes },
    ...{ sha256: null, recovered: true, fragments },
  };
}
