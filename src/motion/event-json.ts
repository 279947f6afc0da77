import type { EventRow } from '../catalog/motion.ts';
import { formatIso } from '../time/iso.ts';

/** An event as other programs are given it: by the API, and by webhooks. */
export interface EventJson {
  readonly id: number;
  readonly camera: string;
  readonly kind: EventRow['kind'];
  readonly from: string;
  readonly to: string | null;
  readonly continues: boolean;
  readonly score: number;
  readonly box: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  } | null;
  readonly zones: string[];
}

/** @param camera its id */
export function eventJson(event: EventRow, camera: string): EventJson {
  const { eventNo, kind, continues, score, box } = event;
  return {
    ...{ id: eventNo, camera, kind },
    from: formatIso(event.from),
    to: event.to === null ? null : formatIso(event.to),
    ...{ continues, score, zones: [...event.zones] },
    box: box && { x: share(box.x), y: share(box.y), width: share(box.width), height: share(box.height) },
  };
}

/** A box is kept to a sixty-five-thousandth of the picture: more digits would say nothing. */
const share = (value: number): number => Math.round(value * 1e5) / 1e5;
