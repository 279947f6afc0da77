import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts CPU time in hundredths of a second, whatever its timer does (`getconf CLK_TCK`). */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

/** CPU of one thread of a process, or of one child process, so far. */
export interface PartCost {
  readonly userSeconds: number;
  readonly systemSeconds: number;
}

/** What processes with all their threads and descendants have cost so far. */
export interface TreeCost {
  readonly cpuSeconds: number;
  readonly systemSeconds: number;
  readonly residentBytes: number;
  /** Open files, sockets and pipes of the processes themselves; of their children not. */
  readonly handles: number;
  readonly processes: number;
  /** By thread of the processes themselves (`ingest-1`), or by name of the child (`ffmpeg (child)`). */
  readonly parts: ReadonlyMap<string, PartCost>;
}

interface Stat {
  readonly name: string;
  readonly parent: number;
  readonly user: number;
  readonly system: number;
  /** Of children that have ended and were waited for. */
  readonly childUser: number;
  readonly childSystem: number;
  readonly residentPages: number;
}

/** From /proc: what the operating system says, not what a process says of itself. Processes that end meanwhile are left out. */
export function treeCost(roots: readonly number[]): TreeCost {
  const children = childrenByParent();
  const parts = new Map<string, PartCost>();
  const add = (name: string, user: number, system: number): void => {
    const { userSeconds = 0, systemSeconds = 0 } = parts.get(name) ?? {};
    parts.set(name, {
      userSeconds: userSeconds + user / TICKS_PER_SECOND,
      systemSeconds: systemSeconds + system / TICKS_PER_SECOND,
    });
  };
  const total = { ticks: 0, system: 0, pages: 0, handles: 0, processes: 0 };
  const visit = (pid: number, isRoot: boolean): void => {
    const stat = statOf(`/proc/${pid}/stat`);
    if (!stat) return;
    const { user, system, childUser, childSystem } = stat;
    total.ticks += user + system + childUser + childSystem;
    total.system += system + childSystem;
    total.pages += stat.residentPages;
    total.processes++;
    if (isRoot) {
      total.handles += entriesOf(`/proc/${pid}/fd`).length;
      for (const thread of entriesOf(`/proc/${pid}/task`)) {
        const one = statOf(`/proc/${pid}/task/${thread}/stat`);
        if (one) add(thread === `${pid}` ? 'main' : one.name, one.user, one.system);
      }
      if (childUser + childSystem > 0) add('children that ended', childUser, childSystem);
    } else {
      add(`${stat.name} (child)`, user + childUser, system + childSystem);
    }
    for (const child of children.get(pid) ?? []) visit(child, false);
  };
  for (const root of roots) visit(root, true);
  return {
    cpuSeconds: total.ticks / TICKS_PER_SECOND,
    systemSeconds: total.system / TICKS_PER_SECOND,
    residentBytes: total.pages * PAGE_BYTES,
    ...{ handles: total.handles, processes: total.processes, parts },
  };
}

/** Largest resident size of one process so far, bytes; 0 when it is gone. */
export function peakResident(pid: number): number {
  const match = /^VmHWM:\s+(\d+) kB$/m.exec(textOf(`/proc/${pid}/status`));
  return Number(match?.[1] ?? 0) * 1024;
}

/** Share of one core that each part has taken between two looks. */
export function partShares(
  before: TreeCost,
  after: TreeCost,
  seconds: number,
): readonly { readonly name: string; readonly user: number; readonly system: number }[] {
  return [...after.parts]
    .map(([name, { userSeconds, systemSeconds }]) => ({
      name,
      user: (userSeconds - (before.parts.get(name)?.userSeconds ?? 0)) / seconds,
      system: (systemSeconds - (before.parts.get(name)?.systemSeconds ?? 0)) / seconds,
    }))
    .toSorted((a, b) => b.user + b.system - (a.user + a.system));
}

function childrenByParent(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const entry of entriesOf('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = statOf(`/proc/${entry}/stat`)?.parent;
    if (parent === undefined) continue;
    const known = children.get(parent);
    if (known) known.push(Number(entry));
    else children.set(parent, [Number(entry)]);
  }
  return children;
}

/** proc(5): fields are counted behind the name, which may hold anything. */
function statOf(path: string): Stat | undefined {
  const stat = textOf(path);
  const nameEnd = stat.lastIndexOf(')');
  if (nameEnd < 0) return undefined;
  const fields = stat
    .slice(nameEnd + 2)
    .split(' ')
    .map(Number);
  const at = (index: number): number => fields[index] ?? 0;
  return {
    name: stat.slice(stat.indexOf('(') + 1, nameEnd),
    ...{ parent: at(1), user: at(11), system: at(12), childUser: at(13), childSystem: at(14) },
    residentPages: at(21),
  };
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
