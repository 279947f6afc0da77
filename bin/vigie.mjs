#!/usr/bin/env node
// Starts Vigie with a Node that can run it: this one, or the one that "npm ci" brought along.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isNewEnough, pinnedNode, TOO_OLD } from './find-node.mjs';

// File calls of many cameras wait side by side, and a slow disk must not hold up name look-ups behind four of them.
process.env.UV_THREADPOOL_SIZE ??= '16';

const args = process.argv.slice(2);
if (isNewEnough()) {
  const { run } = await import('../src/cli/main.ts');
  process.exitCode = await run(args);
} else {
  const node = pinnedNode();
  if (node === undefined) {
    process.stderr.write(TOO_OLD);
    process.exitCode = 1;
  } else {
    forward(spawn(node, [fileURLToPath(import.meta.url), ...args], { stdio: 'inherit' }));
  }
}

/** Passes signals on, and ends as the other one does. */
function forward(child) {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`The Node that came with Vigie could not be started: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? (code ?? 1) : 128 + constants.signals[signal];
  });
}
