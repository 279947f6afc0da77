import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * Reads `+ PID` and `- PID`, and at the end of its input kills what is left. A pid is only a number: no other word is
 * taken. It lives in a session of its own and ignores what is meant for the server, which it has to outlive.
 */
const SCRIPT = `trap '' HUP INT TERM
pids=
while read -r sign pid; do
  case $pid in '' | *[!0-9]*) continue ;; esac
  left=
  for one in $pids; do [ "$one" = "$pid" ] || left="$left $one"; done
  pids=$left
  [ "$sign" = + ] && pids="$pids $pid"
done
for one in $pids; do kill -9 "$one"; done`;

const guarded = new Set<number>();
let guard: ChildProcess | undefined;

/**
 * Makes sure that a child process does not outlive this one, not even when this one is killed: an ffmpeg that waits for
 * a camera would never notice, and would keep its port or the camera's only connection. One small shell for all of
 * a thread's children, as Node cannot ask the kernel for it (`PR_SET_PDEATHSIG`).
 * @returns what to call when the child has ended
 */
export function guardChild(pid: number): () => void {
  guarded.add(pid);
  tell(`+ ${pid}\n`);
  return () => {
    guarded.delete(pid);
    tell(`- ${pid}\n`);
  };
}

function tell(words: string): void {
  if (guard) {
    guard.stdin?.write(words);
    return;
  }
  if (guarded.size === 0) return;
  const started = spawn('/bin/sh', ['-c', SCRIPT], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env: {},
  });
  guard = started;
  const gone = (): void => {
    if (guard === started) guard = undefined;
  };
  started.on('error', gone);
  started.on('exit', gone);
  started.stdin.on('error', () => undefined);
  // It must not keep this thread alive: that one's end is what it waits for.
  started.unref();
  (started.stdin as Socket).unref();
  for (const pid of guarded) started.stdin.write(`+ ${pid}\n`);
}
