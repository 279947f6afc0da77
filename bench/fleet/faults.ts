import { parseDuration } from '../../src/config/units.ts';

/** When something happens, in milliseconds of the fleet's fault clock, which starts with what is measured. */
export interface Occasion {
  readonly atMillis: number;
  /** 0: once. */
  readonly everyMillis: number;
}

/** What is wrong with the cameras of a run, or their network. */
export interface FleetFaults {
  /** Of the packets of each camera, such a share never comes: not sent by UDP, left out over TCP. */
  readonly lossShare: number;
  /** Nothing comes for so long; then everything that was due, at once. Each camera at a time of its own. */
  readonly stall: (Occasion & { readonly millis: number }) | undefined;
  /** All connections break at once. */
  readonly storm: Occasion | undefined;
  /** Media clocks are so much fast. */
  readonly driftPpm: number;
  /** The cameras' wall clocks are set ahead: seen in their sender reports only. */
  readonly step: (Occasion & { readonly millis: number }) | undefined;
  /** Cameras go over to another size of picture, and at the next occasion back. */
  readonly resize: Occasion | undefined;
  /** Such a share of the cameras answers late, and its packets trickle. */
  readonly slowShare: number;
}

export const NO_FAULTS: FleetFaults = {
  ...{ lossShare: 0, stall: undefined, storm: undefined, driftPpm: 0 },
  ...{ step: undefined, resize: undefined, slowShare: 0 },
};

export const FAULT_HELP =
  'loss:1%, stall:5s/60s, storm@10s, drift:100ppm, step:1h@20s, resize@15s, slow:10%; NAME/30s is every 30 s';

const FORM = /^([a-z]+)(?::([^/@]+))?(?:\/([^/@]+))?(?:@([^/@]+))?$/;
const DEFAULT_STALL = '5s';
const DEFAULT_STEP = '1h';
const DEFAULT_SLOW = '10%';
/** Where neither a time nor an interval is said. */
const DEFAULT_AT_MILLIS = 10_000;
const MAX_DRIFT_PPM = 10_000;
const LEAST_INTERVAL_MILLIS = 1_000;

/** Reads `loss:1%,stall:5s/60s,storm@10s`; a sentence when that is wrong. */
export function parseFaults(text: string): FleetFaults | string {
  let faults = NO_FAULTS;
  for (const word of text.split(',').filter((part) => part !== '')) {
    const match = FORM.exec(word.trim());
    if (!match) return `--faults: "${word}" is not understood. Allowed: ${FAULT_HELP}`;
    const [, name, value, every, at] = match;
    const when = occasionOf(every, at);
    if (!when) return `--faults: the times of "${word}" are no durations of a second or more, as in 5s, 2m`;
    const next = withFault(faults, name as string, value, when);
    if (!next) return `--faults: "${word}" is not understood. Allowed: ${FAULT_HELP}`;
    faults = next;
  }
  return faults;
}

function withFault(
  faults: FleetFaults,
  name: string,
  value: string | undefined,
  when: Occasion,
): FleetFaults | undefined {
  switch (name) {
    case 'loss': {
      const lossShare = shareOf(value);
      return lossShare === undefined ? undefined : { ...faults, lossShare };
    }
    case 'slow': {
      const slowShare = shareOf(value ?? DEFAULT_SLOW);
      return slowShare === undefined ? undefined : { ...faults, slowShare };
    }
    case 'drift': {
      const driftPpm = Number(/^(-?\d+(?:\.\d+)?)ppm$/.exec(value ?? '')?.[1]);
      return Math.abs(driftPpm) <= MAX_DRIFT_PPM ? { ...faults, driftPpm } : undefined;
    }
    case 'stall': {
      const millis = millisOf(value ?? DEFAULT_STALL);
      const fits = millis !== undefined && (when.everyMillis === 0 || millis < when.everyMillis);
      return fits ? { ...faults, stall: { ...when, millis } } : undefined;
    }
    case 'step': {
      const millis = millisOf(value ?? DEFAULT_STEP);
      return millis === undefined ? undefined : { ...faults, step: { ...when, millis } };
    }
    case 'storm':
      return value === undefined ? { ...faults, storm: when } : undefined;
    case 'resize':
      return value === undefined ? { ...faults, resize: when } : undefined;
    default:
      return undefined;
  }
}

function occasionOf(every: string | undefined, at: string | undefined): Occasion | undefined {
  const everyMillis = every === undefined ? 0 : millisOf(every);
  if (everyMillis === undefined || (every !== undefined && everyMillis < LEAST_INTERVAL_MILLIS))
    return undefined;
  const atMillis = at === undefined ? everyMillis || DEFAULT_AT_MILLIS : millisOf(at);
  return atMillis === undefined ? undefined : { atMillis, everyMillis };
}

/** How often it has happened by then. */
export function timesHappened({ atMillis, everyMillis }: Occasion, millis: number): number {
  if (millis < atMillis) return 0;
  return everyMillis === 0 ? 1 : 1 + Math.floor((millis - atMillis) / everyMillis);
}

/** Whether something that lasts is going on. */
export function isHappening(occasion: Occasion & { readonly millis: number }, millis: number): boolean {
  const times = timesHappened(occasion, millis);
  if (times === 0) return false;
  return millis - (occasion.atMillis + (times - 1) * occasion.everyMillis) < occasion.millis;
}

function millisOf(text: string): number | undefined {
  const micros = parseDuration(text);
  return micros === undefined ? undefined : micros / 1_000;
}

/** `1%` is 0.01. */
function shareOf(text: string | undefined): number | undefined {
  const percent = Number(/^(\d+(?:\.\d+)?)%$/.exec(text ?? '')?.[1]);
  return percent >= 0 && percent <= 100 ? percent / 100 : undefined;
}
