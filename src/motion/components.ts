import type { Workspace } from './workspace.ts';

/** Connected pixels of a plane, as runs along rows: what is not set costs a look, what is set a few numbers. */
export interface Components {
  /** Of each run: its row, its columns from `start` up to `end`, and the blob that it belongs to. */
  readonly row: Uint16Array;
  readonly start: Uint16Array;
  readonly end: Uint16Array;
  readonly blob: Uint32Array;
  runs: number;
  /** Blobs are numbered from 0. */
  blobs: number;
}

/** Room for the most runs that a picture can have: every second pixel set. */
export function createComponents(width: number, height: number): Components {
  const most = (width >> 1) * height;
  return {
    row: new Uint16Array(most),
    start: new Uint16Array(most),
    end: new Uint16Array(most),
    blob: new Uint32Array(most),
    runs: 0,
    blobs: 0,
  };
}

/** Finds the blobs of a plane of 0 and 1, pixels touching at a corner included. */
export function findComponents({ memory, width, height }: Workspace, plane: number, found: Components): void {
  const { row, start, end, blob } = found;
  const picture = memory.subarray(plane, plane + width * height);
  let runs = 0;
  let [aboveFrom, aboveTo] = [0, 0];
  let next = picture.indexOf(1);
  while (next >= 0) {
    const y = Math.floor(next / width);
    const [line, first] = [y * width, runs];
    let x = next - line;
    while (x < width) {
      row[runs] = y;
      start[runs] = x;
      while (x < width && picture[line + x] === 1) x++;
      end[runs] = x;
      blob[runs] = runs;
      runs++;
      while (x < width && picture[line + x] === 0) x++;
    }
    if (aboveTo > aboveFrom && row[aboveFrom] === y - 1) join(found, aboveFrom, aboveTo, first, runs);
    [aboveFrom, aboveTo] = [first, runs];
    next = picture.indexOf(1, line + width);
  }
  found.runs = runs;
  found.blobs = number(found);
}

/** Joins the runs of a row with those of the row above that they touch; both are in the order of columns. */
function join(
  { start, end, blob }: Components,
  aboveFrom: number,
  aboveTo: number,
  from: number,
  to: number,
): void {
  let above = aboveFrom;
  for (let run = from; run < to; run++) {
    while (above < aboveTo && (end[above] as number) < (start[run] as number)) above++;
    for (let other = above; other < aboveTo && (start[other] as number) <= (end[run] as number); other++) {
      const [a, b] = [root(blob, other), root(blob, run)];
      blob[Math.max(a, b)] = Math.min(a, b);
    }
  }
}

function root(blob: Uint32Array, run: number): number {
  let at = run;
  while (blob[at] !== at) at = blob[at] as number;
  blob[run] = at;
  return at;
}

/** Numbers the blobs; a run's root comes before it, so one pass does. */
function number({ blob, runs }: Components): number {
  let next = 0;
  for (let run = 0; run < runs; run++) {
    const parent = blob[run] as number;
    blob[run] = parent === run ? next++ : (blob[parent] as number);
  }
  return next;
}
