/**
 * One thing that was looked at. `bad`: recording fails, or will; `warning`: it works, and somebody should know.
 * Sentences are for a person and hold no secret.
 */
export interface Finding {
  readonly about: string;
  readonly state: 'good' | 'warning' | 'bad';
  readonly said: string;
  /** What to do; empty where nothing need be done. */
  readonly remedy: string;
}

/** Findings of one subject. */
export function findingsAbout(about: string) {
  return {
    good: (said: string): Finding => ({ about, state: 'good', said, remedy: '' }),
    warning: (said: string, remedy: string): Finding => ({ about, state: 'warning', said, remedy }),
    bad: (said: string, remedy: string): Finding => ({ about, state: 'bad', said, remedy }),
  };
}

/** `4.2 GB`, for people. */
export function bytesText(bytes: number): string {
  for (const [unit, size] of [
    ['TB', 1e12],
    ['GB', 1e9],
    ['MB', 1e6],
  ] as const) {
    if (bytes >= size) return `${(bytes / size).toFixed(bytes >= 100 * size ? 0 : 1)} ${unit}`;
  }
  return `${Math.round(bytes / 1e3)} kB`;
}
