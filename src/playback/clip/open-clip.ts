import type { CameraRow } from '../../catalog/catalog.ts';
import type { WallMicros } from '../../time/units.ts';
import { type ClipPlan, type ClipSources, planClip } from './plan.ts';
import { type ClipSelection, selectClip } from './select.ts';

/** What a request for a clip needs to decide on its answer; the plan is made when bytes are really wanted. */
export interface Clip {
  readonly etag: string;
  /** Wall time of its first moment. */
  readonly start: WallMicros;
  plan(): Promise<ClipPlan>;
}

export interface ClipOpener {
  /** `undefined` when nothing in [from, to) is recorded. */
  open(camera: CameraRow, from: WallMicros, to: WallMicros): Promise<Clip | undefined>;
}

/** Players ask for one clip in several ranges: plans are kept, up to this many bytes of heads (24 h take 10 MB, with sound 25). */
const KEPT_BYTES = 48 * 1024 * 1024;
/** What a plan weighs beside its head. */
const PART_BYTES = 128;

export function createClipOpener(sources: ClipSources): ClipOpener {
  /** Least recently used first, by entity tag. */
  const kept = new Map<string, { readonly plan: Promise<ClipPlan>; bytes: number }>();

  const trim = (): void => {
    let total = 0;
    for (const entry of kept.values()) total += entry.bytes;
    for (const [etag, entry] of kept) {
      if (total <= KEPT_BYTES) return;
      total -= entry.bytes;
      kept.delete(etag);
    }
  };

  const planned = (etag: string, make: () => Promise<ClipPlan>): Promise<ClipPlan> => {
    const known = kept.get(etag);
    if (known) {
      kept.delete(etag);
      kept.set(etag, known);
      return known.plan;
    }
    const entry = { plan: make(), bytes: 0 };
    kept.set(etag, entry);
    entry.plan.then(
      (plan) => {
        entry.bytes = (plan.layout.parts[0]?.length ?? 0) + plan.layout.parts.length * PART_BYTES;
        trim();
      },
      () => kept.delete(etag),
    );
    return entry.plan;
  };

  return {
    async open(camera, from, to) {
      const segments = await sources.segments.between(camera, from, to);
      const selection = selectClip(segments, from, to);
      if (!selection) return undefined;
      const make = async (): Promise<ClipPlan> => {
        const plan = await planClip(sources, camera, selection);
        if (!plan.startsLate) return plan;
        // Pictures that come before their group's key frame refer to the group before.
        const wider: ClipSelection | undefined = selectClip(segments, from, to, 1);
        return wider ? planClip(sources, camera, wider) : plan;
      };
      return { etag: selection.etag, start: selection.start, plan: () => planned(selection.etag, make) };
    },
  };
}
