import { readdir, readFile } from 'node:fs/promises';

export interface ChildProcessInfo {
  readonly pid: number;
  readonly command: readonly string[];
}

/** The running children of a process, whichever of its threads started them. */
export async function childrenOf(pid: number): Promise<readonly ChildProcessInfo[]> {
  const found: ChildProcessInfo[] = [];
  for (const task of await readdir(`/proc/${pid}/task`)) {
    const children = await readFile(`/proc/${pid}/task/${task}/children`, 'utf8').catch(() => '');
    for (const child of children.split(' ').filter((word) => word !== '')) {
      const command = await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '');
      found.push({ pid: Number(child), command: command.split('\0') });
    }
  }
  return found;
}

/** Whether there is such a process; one that has ended and only waits to be asked for its status is none. */
export async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) [ZX] /.test(stat);
}
