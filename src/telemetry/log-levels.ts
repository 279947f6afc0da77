import { LOG_LEVELS, type LogLevel } from '../config/config.ts';
import type { Clock } from '../time/clock.ts';
import { type WallMicros, wallMicros } from '../time/units.ts';
import type { Logger } from './log.ts';

/** Parts of the server whose lines can be had in more or less detail than those of the others. */
export const LOG_PARTS = ['recording', 'storage', 'push', 'motion', 'events', 'api'] as const;
export type LogPart = (typeof LOG_PARTS)[number];

export interface LogLevelState {
  readonly configured: LogLevel;
  /** When all is as configured again; `null`: it is. */
  readonly until: WallMicros | null;
  /** Of what belongs to no part. */
  readonly level: LogLevel;
  readonly parts: Readonly<Record<LogPart, LogLevel>>;
}

export interface LogLevelChange {
  readonly level: LogLevel;
  /** `undefined`: all. */
  readonly part: LogPart | undefined;
  readonly micros: number;
}

/**
 * How much is logged, which can be changed while the server runs, for a while: a city at `trace` writes hundreds of
 * lines a second, and nobody remembers to turn it down again.
 */
export class LogLevels {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #configured: LogLevel;
  readonly #parts: Readonly<Record<LogPart, Logger>>;
  #until: WallMicros | null = null;
  #timer: NodeJS.Timeout | undefined;

  /** The level of the logger is the configured one. */
  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
    this.#configured = log.level as LogLevel;
    const child = (part: LogPart): Logger => log.child({ part });
    this.#parts = {
      ...{ recording: child('recording'), storage: child('storage') },
      ...{ push: child('push'), motion: child('motion') },
      ...{ events: child('events'), api: child('api') },
    };
  }

  /** The logger of a part, whose lines say so. */
  part(name: LogPart): Logger {
    return this.#parts[name];
  }

  get state(): LogLevelState {
    const levelOf = (part: LogPart): LogLevel => this.#parts[part].level as LogLevel;
    return {
      ...{ configured: this.#configured, until: this.#until, level: this.#log.level as LogLevel },
      parts: Object.fromEntries(LOG_PARTS.map((part) => [part, levelOf(part)])) as Record<LogPart, LogLevel>,
    };
  }

  /** The end of an earlier change is that of the last one, so that there is one time to remember. */
  change({ level, part, micros }: LogLevelChange): void {
    if (part === undefined) this.#setAll(level);
    else this.#parts[part].level = level;
    clearTimeout(this.#timer);
    const { configured, level: rest, parts } = this.state;
    const asConfigured = rest === configured && LOG_PARTS.every((name) => parts[name] === configured);
    this.#until = asConfigured ? null : wallMicros(this.#clock.wall() + micros);
    if (!asConfigured) this.#timer = setTimeout(() => this.#restore(), micros / 1_000).unref();
    this.#log.info(
      { level, of: part ?? 'all', seconds: asConfigured ? null : micros / 1e6 },
      'the log level was changed',
    );
  }

  #restore(): void {
    this.#setAll(this.#configured);
    this.#until = null;
    this.#log.info({ level: this.#configured }, 'the log level is as configured again');
  }

  #setAll(level: LogLevel): void {
    this.#log.level = level;
    for (const part of LOG_PARTS) this.#parts[part].level = level;
  }
}

/** For the API, which knows neither the names of levels nor those of parts. */
export function logLevelControl(levels: LogLevels) {
  return {
    levels: LOG_LEVELS,
    parts: LOG_PARTS,
    state: () => levels.state,
    change(level: string, part: string | undefined, micros: number) {
      if (!isOneOf(LOG_LEVELS, level))
        return { where: 'level', problem: `it is one of ${LOG_LEVELS.join(', ')}` };
      if (part !== undefined && !isOneOf(LOG_PARTS, part)) {
        return { where: 'part', problem: `it is one of ${LOG_PARTS.join(', ')}` };
      }
      levels.change({ level, part, micros });
      return undefined;
    },
  };
}

const isOneOf = <T extends string>(names: readonly T[], name: string): name is T =>
  (names as readonly string[]).includes(name);
