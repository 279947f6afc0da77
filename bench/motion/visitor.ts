import type { Span } from './event-score.ts';
import { type Footage, PixelLabel } from './footage.ts';
import { repeat } from './run.ts';

/**
 * Somebody from labelled footage, cut out along the labels and set into another scene of the same width, at its lower
 * edge: a scene in which nobody ever came, visited.
 * @param visit when somebody is there in `visitor`, seconds; the frames of `scene` stand before it, and go on behind them
 */
export function withVisitor(scene: Footage, visitor: Footage, visit: Span): Footage {
  if (scene.width !== visitor.width || scene.height < visitor.height)
    throw new TypeError(`${visitor.name} does not fit into ${scene.name}.`);
  const from = Math.floor(visit.from * visitor.framesPerSecond);
  const to = Math.ceil(visit.to * visitor.framesPerSecond);
  const below = (scene.height - visitor.height) * scene.width;
  const frames = [...repeat(scene.frames, 1, scene.frames.length + to - from)];
  for (let index = from; index < to; index++) {
    const labels = visitor.truth[index];
    const person = visitor.frames[index];
    const at = scene.frames.length + index - from;
    const behind = frames[at];
    if (!labels || !person || !behind) continue;
    const frame = Uint8Array.from(behind);
    for (let p = 0; p < labels.length; p++)
      if (labels[p] === PixelLabel.moving) frame[below + p] = person[p] as number;
    frames[at] = frame;
  }
  return { ...scene, name: `${scene.name} with a visitor`, frames, truth: frames.map(() => undefined) };
}
