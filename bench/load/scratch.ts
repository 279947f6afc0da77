import { rmSync } from 'node:fs';

const folders = new Set<string>();
let watching = false;

/** A folder that is gone when this process is, however that ends. @returns for when it has been removed */
export function removeAtExit(folder: string): () => void {
  if (!watching) {
    watching = true;
    process.on('exit', () => {
      for (const left of folders) rmSync(left, { recursive: true, force: true });
    });
    // Without a listener a signal ends the process, and nobody tidies up.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  }
  folders.add(folder);
  return () => folders.delete(folder);
}
