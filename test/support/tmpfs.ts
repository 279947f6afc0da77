import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

/** A small disk of its own, which can be filled up. */
export class SmallDisk {
  readonly path: string;

  constructor(path: string, megabytes: number) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'none', path]);
  }

  freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path);
    return bavail * bsize;
  }

  /** Takes everything but so many bytes. */
  async fill(leave: number): Promise<void> {
    const file = await open(join(this.path, 'filler'), 'w');
    try {
      for (let left = this.freeBytes() - leave; left > 0; left -= 4_096)
        await file.write(Buffer.alloc(Math.min(4_096, left)));
    } finally {
      await file.close();
    }
  }

  relieve(): void {
    rmSync(join(this.path, 'filler'), { force: true });
  }

  unmount(): void {
    execFileSync('umount', ['-l', this.path]);
  }
}
