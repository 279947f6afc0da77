import { Subject, throwError } from 'rxjs';
import { expect, it } from 'vitest';
import { latestMap } from '../../src/motion/latest-map.ts';

/** An operator at work: values are let go one at a time. */
function watch() {
  const source = new Subject<number>();
  const work = new Map<number, Subject<string>>();
  const [shed, results]: [number[], string[]] = [[], []];
  const subscription = source
    .pipe(
      latestMap(
        (value) => {
          const one = new Subject<string>();
          work.set(value, one);
          return one;
        },
        (value) => shed.push(value),
      ),
    )
    .subscribe({
      next: (result) => results.push(result),
      error: (error: Error) => results.push(`error: ${error.message}`),
      complete: () => results.push('end'),
    });
  const finish = (value: number): void => {
    work.get(value)?.next(`done ${value}`);
    work.get(value)?.complete();
  };
  return { source, work, shed, results, finish, subscription };
}

it('has one at work, and then takes the newest of what came meanwhile', () => {
  const { source, work, shed, results, finish } = watch();
  for (const value of [1, 2, 3, 4]) source.next(value);
  expect([[...work.keys()], shed]).toEqual([[1], [2, 3]]);
  finish(1);
  expect([...work.keys()]).toEqual([1, 4]);
  finish(4);
  source.next(5);
  finish(5);
  expect(results).toEqual(['done 1', 'done 4', 'done 5']);
  expect(shed).toEqual([2, 3]);
});

it('ends when its source has and what waits is through', () => {
  const { source, results, finish } = watch();
  source.next(1);
  source.next(2);
  source.complete();
  expect(results).toEqual([]);
  finish(1);
  expect(results).toEqual(['done 1']);
  finish(2);
  expect(results).toEqual(['done 1', 'done 2', 'end']);
});

it('passes errors on, from either side', () => {
  const ofWork = watch();
  ofWork.source.next(1);
  ofWork.work.get(1)?.error(new Error('work'));
  expect(ofWork.results).toEqual(['error: work']);
  const results: string[] = [];
  throwError(() => new Error('source'))
    .pipe(
      latestMap(
        () => [],
        () => undefined,
      ),
    )
    .subscribe({ error: (error: Error) => results.push(error.message) });
  expect(results).toEqual(['source']);
});

it('lets go of its work when nobody listens any more', () => {
  const { source, work, results, finish, subscription } = watch();
  source.next(1);
  subscription.unsubscribe();
  finish(1);
  expect([work.get(1)?.observed, source.observed, results]).toEqual([false, false, []]);
});
