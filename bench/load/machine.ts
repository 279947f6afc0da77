import { readFileSync, statSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';

/** The machine that figures are of. */
export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryBytes: number;
  readonly node: string;
  readonly kernel: string;
}

export function describeMachine(): Machine {
  const kernel = /^Linux version (\S+)/.exec(textOf('/proc/version'))?.[1] ?? 'unknown';
  return {
    ...{ cores: availableParallelism(), processor: cpus()[0]?.model.trim() ?? 'unknown' },
    ...{ memoryBytes: totalmem(), node: process.version, kernel },
  };
}

/** What programs can have still: what files hold of it is given up for them. */
export const availableMemory = (): number =>
  Number(/^MemAvailable: +(\d+) kB$/m.exec(textOf('/proc/meminfo'))?.[1] ?? Number.POSITIVE_INFINITY) * 1024;

/** How busy the whole machine has been so far, whoever it was. */
export interface MachineTimes {
  readonly busySeconds: number;
  readonly allSeconds: number;
  /** Taken by the hypervisor for others. */
  readonly stolenSeconds: number;
  /** Time in which the disk of the recordings had something to do; 0 where that is not known. */
  readonly diskBusySeconds: number;
}

const TICKS_PER_SECOND = 100;
const IDLE = 3;
const IO_WAIT = 4;
const STOLEN = 7;
const BUSY_MILLIS_FIELD = 12;

export function machineTimes(folder: string): MachineTimes {
  const fields = (/^cpu +(.*)$/m.exec(textOf('/proc/stat'))?.[1] ?? '').split(' ').map(Number).slice(0, 8);
  const all = fields.reduce((sum, ticks) => sum + ticks, 0);
  const idle = (fields[IDLE] ?? 0) + (fields[IO_WAIT] ?? 0);
  return {
    busySeconds: (all - idle) / TICKS_PER_SECOND,
    allSeconds: all / TICKS_PER_SECOND,
    stolenSeconds: (fields[STOLEN] ?? 0) / TICKS_PER_SECOND,
    diskBusySeconds: diskBusySeconds(folder),
  };
}

/** Documentation/admin-guide/iostats.rst: field 10 behind the device's name is milliseconds spent doing I/O. */
function diskBusySeconds(folder: string): number {
  const { dev } = statSync(folder);
  const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)];
  for (const line of textOf('/proc/diskstats').split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (Number(fields[0]) === major && Number(fields[1]) === minor)
      return Number(fields[BUSY_MILLIS_FIELD]) / 1_000;
  }
  return 0;
}

/**
 * Bytes that wait in the kernel on connections to a port of this machine: sent and not taken (`tx_queue`), or arrived
 * and not read (`rx_queue`). What a recorder is behind hides there.
 */
export function bytesWaitingAt(port: number): number {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  let waiting = 0;
  for (const line of textOf('/proc/net/tcp').split('\n').slice(1)) {
    const [, local = '', remote = '', , queues = ''] = line.trim().split(/\s+/);
    const [sent, received] = queues.split(':').map((text) => Number.parseInt(text, 16));
    if (local.endsWith(`:${hex}`)) waiting += sent || 0;
    if (remote.endsWith(`:${hex}`)) waiting += received || 0;
  }
  return waiting;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
