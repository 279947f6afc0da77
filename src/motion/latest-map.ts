import { from, Observable, type ObservableInput, type OperatorFunction, type Subscription } from 'rxjs';

/**
 * One at a time, and of what comes meanwhile the newest next: `exhaustMap` that does not miss what came last. For work
 * that may be slower than what it is fed with, and of which an old piece is worth less than a new one.
 * @param shed gets each value that a newer one took the place of
 */
export function latestMap<Value, Result>(
  project: (value: Value) => ObservableInput<Result>,
  shed: (value: Value) => void,
): OperatorFunction<Value, Result> {
  return (source) =>
    new Observable((subscriber) => {
      let busy = false;
      let ended = false;
      let waiting: { readonly value: Value } | undefined;
      let inner: Subscription | undefined;
      const begin = (value: Value): void => {
        busy = true;
        inner = from(project(value)).subscribe({
          next: (result) => subscriber.next(result),
          error: (error: unknown) => subscriber.error(error),
          complete() {
            busy = false;
            const next = waiting;
            waiting = undefined;
            if (next) begin(next.value);
            else if (ended) subscriber.complete();
          },
        });
      };
      const outer = source.subscribe({
        next(value) {
          if (busy) {
            if (waiting) shed(waiting.value);
            waiting = { value };
            return;
          }
          begin(value);
        },
        error: (error: unknown) => subscriber.error(error),
        complete() {
          ended = true;
          if (!busy) subscriber.complete();
        },
      });
      return () => {
        outer.unsubscribe();
        inner?.unsubscribe();
      };
    });
}
