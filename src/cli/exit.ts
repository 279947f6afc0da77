/** Exit codes of every command. */
export const EXIT = { done: 0, failed: 1, usedWrongly: 2 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
