import { PLAIN } from '../load/condition.ts';
import type { RecorderName } from '../recorders/recorder.ts';

/** A recorder under a condition, by their names: what a line of a plot and a column of a table is of. */
export interface Contender {
  readonly who: RecorderName;
  readonly condition: string;
}

/** `vigie`, `vigie motion+s3`, `ffmpeg`. */
export const nameOf = ({ who, condition }: Contender): string =>
  condition === PLAIN.name ? who : `${who} ${condition}`;

export const isSame = (one: Contender, other: Contender): boolean =>
  one.who === other.who && one.condition === other.condition;

/** The same colour in every report, so that two can be laid side by side. */
const COLOUR: Readonly<Record<string, string>> = {
  ...{ vigie: 'a', ffmpeg: 'b', mediamtx: 'c', 'vigie motion': 'd', 'vigie motion+s3': 'e' },
  ...{ 'vigie s3': 'g', 'vigie sub-streams': 'h', 'vigie sub-streams+s3': 'i' },
};

/** A class of the page. */
export const colourOf = (contender: Contender): string => COLOUR[nameOf(contender)] ?? 'f';
