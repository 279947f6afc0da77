import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts CPU time in hundredths of a second, whatever its timer does (`getconf CLK_TCK`). */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

/** What a process with all its threads, and its children, has cost so far. */
export interface ProcessCost {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** From /proc: what the operating system says, not what the process says of itself. */
export function costOf(pid: number): ProcessCost {
  const { user, system, residentPages } = statOf(pid);
  return { cpuSeconds: (user + system) / TICKS_PER_SECOND, residentBytes: residentPages * PAGE_BYTES };
}

/** CPU seconds of each thread, by its name. */
export function threadCosts(pid: number): ReadonlyMap<string, number> {
  const costs = new Map<string, number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const { name, user, system } = statOf(pid, `task/${thread}/`);
    costs.set(name, (costs.get(name) ?? 0) + (user + system) / TICKS_PER_SECOND);
  }
  return costs;
}

/** Largest resident size of the process so far, bytes. */
export function peakResident(pid: number): number {
  const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return Number(match?.[1] ?? 0) * 1024;
}

/** proc(5): fields are counted behind the name, which may hold anything. */
function statOf(pid: number, part = '') {
  const stat = readFileSync(`/proc/${pid}/${part}stat`, 'latin1');
  const nameEnd = stat.lastIndexOf(')');
  const name = stat.slice(stat.indexOf('(') + 1, nameEnd);
  const fields = stat
    .slice(nameEnd + 2)
    .split(' ')
    .map(Number);
  return { name, user: fields[11] ?? 0, system: fields[12] ?? 0, residentPages: fields[21] ?? 0 };
}
