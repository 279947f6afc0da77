import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { LoopDelay } from '../../src/time/loop-delay.ts';

it('the loop delay tells how long the thread was held up, and nothing of the sampling', async () => {
  const delay = new LoopDelay();
  await sleep(100);
  delay.take();
  await sleep(100);
  const until = performance.now() + 300;
  while (performance.now() < until);
  await sleep(100);
  const held = delay.take();
  expect(held).toBeGreaterThan(0.2);
  expect(held).toBeLessThan(2);
  delay.stop();
});
