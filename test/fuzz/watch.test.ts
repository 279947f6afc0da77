import { expect, it } from 'vitest';
import { fuzzInThread } from './watch.ts';

const order = (file: string) => ({
  file: new URL(`planted/${file}`, import.meta.url).href,
  seed: 1,
  millis: 60_000,
  executions: 2_000,
});

it('a target that hangs is found, with the input that it hangs on', async () => {
  const { finding } = await fuzzInThread(order('hangs.ts'), 1_500);
  expect(finding?.error).toMatch(/hangs/);
  expect(Buffer.from(finding?.bytes ?? []).toString()).toContain('s');
}, 60_000);

it('a target that eats the memory is found, with its input', async () => {
  const { finding } = await fuzzInThread(order('hoards.ts'));
  expect(finding?.error).toMatch(/memory/i);
  expect(finding?.bytes.length).toBeGreaterThan(4);
}, 60_000);

it('a target that holds on to what it was given is found', async () => {
  expect((await fuzzInThread(order('keeps.ts'))).finding?.error).toMatch(/still held after 2000 inputs/);
}, 60_000);

it('a target that does as it should is not', async () => {
  const { href } = new URL('targets/units.ts', import.meta.url);
  expect(await fuzzInThread({ ...order(''), file: href })).toMatchObject({
    executions: 2_000,
    finding: undefined,
  });
}, 60_000);
