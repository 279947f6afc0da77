import { spawnSync } from 'node:child_process';

/** What promtool says, and whether it was content. */
export function promtool(
  args: readonly string[],
  input = '',
): { readonly ok: boolean; readonly says: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, {
    input,
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { ok: status === 0, says: `${stdout}${stderr}` };
}
