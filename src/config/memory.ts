import { totalmem } from 'node:os';

/** What this process may use, bytes: of the machine, or less in a container. */
export const usableMemory = (): number => lesserMemory(totalmem(), process.constrainedMemory());

/** @param limitBytes Node says 0, or an absurd number, where there is no limit; other systems nothing */
export const lesserMemory = (machineBytes: number, limitBytes: number | undefined): number =>
  Math.min(machineBytes, limitBytes || machineBytes);
