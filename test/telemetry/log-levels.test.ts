import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from '../../src/telemetry/log.ts';
import { LogLevels } from '../../src/telemetry/log-levels.ts';
import { systemClock } from '../../src/time/clock.ts';

const MINUTE = 60_000_000;

describe('log levels', () => {
  let lines: Record<string, unknown>[];
  let levels: LogLevels;

  beforeEach(() => {
    vi.useFakeTimers();
    lines = [];
    const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
    levels = new LogLevels(createLogger({ level: 'warn', destination: { write } }), systemClock);
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  const said = (): unknown[] => lines.map(({ msg }) => msg);

  it('change for all parts, and are as configured again after a while', () => {
    levels.part('recording').debug('before');
    levels.change({ level: 'debug', part: undefined, micros: 10 * MINUTE });
    levels.part('recording').debug('while');
    levels.part('api').debug('too');
    expect(levels.state).toMatchObject({ configured: 'warn', level: 'debug', parts: { push: 'debug' } });
    vi.advanceTimersByTime(10 * 60_000 - 1);
    expect(levels.state.level).toBe('debug');
    vi.advanceTimersByTime(1);
    levels.part('recording').debug('after');
    expect(levels.state).toMatchObject({
      level: 'warn',
      until: null,
      parts: { recording: 'warn', api: 'warn' },
    });
    expect(said()).toEqual(['the log level was changed', 'while', 'too']);
    expect(lines[1]).toMatchObject({ part: 'recording', level: 'debug' });
  });

  it('change for one part, while the others stay', () => {
    levels.change({ level: 'trace', part: 'storage', micros: MINUTE });
    levels.part('storage').trace('stored');
    levels.part('recording').info('not this');
    expect(said()).toEqual(['stored']);
    expect(levels.state).toMatchObject({ level: 'warn', parts: { storage: 'trace', recording: 'warn' } });
    vi.advanceTimersByTime(60_000);
    expect(levels.state.parts.storage).toBe('warn');
  });

  it('last as the last change says, and end by hand', () => {
    levels.change({ level: 'debug', part: undefined, micros: MINUTE });
    levels.change({ level: 'info', part: 'api', micros: 5 * MINUTE });
    vi.advanceTimersByTime(60_000);
    expect(levels.state).toMatchObject({ level: 'debug', parts: { api: 'info' } });
    levels.change({ level: 'warn', part: undefined, micros: MINUTE });
    expect(levels.state.until).toBeNull();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('of a request follow those of its part, also if it began before', () => {
    const before = levels.part('api').child({ reqId: 1 });
    levels.change({ level: 'debug', part: 'api', micros: MINUTE });
    before.debug('began before');
    levels.part('api').child({ reqId: 2 }).debug('begins after');
    expect(said()).toEqual(['began before', 'begins after']);
  });
});
