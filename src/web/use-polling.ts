import { useEffect, useState } from 'react';

export interface Polled<T> {
  readonly value: T | undefined;
  /** Why it could not be brought up to date; the last value stays. */
  readonly problem: string | undefined;
}

/**
 * Asks again `millis` after each answer, and at once when `key` changes; nothing is asked while the page is hidden.
 * `undefined` as key: nothing to ask.
 */
export function usePolling<T>(
  key: string | undefined,
  millis: number,
  ask: (signal: AbortSignal) => Promise<T>,
): Polled<T> {
  const [state, setState] = useState<Polled<T> & { readonly key: string | undefined }>({
    key,
    value: undefined,
    problem: undefined,
  });
  useEffect(() => {
    if (key === undefined) return undefined;
    const abort = new AbortController();
    let timer: number | undefined;
    const run = async (): Promise<void> => {
      if (!document.hidden) {
        try {
          const value = await ask(abort.signal);
          if (!abort.signal.aborted) setState({ key, value, problem: undefined });
        } catch (error) {
          if (abort.signal.aborted) return;
          const problem =
            error instanceof TypeError ? 'The server does not answer.' : (error as Error).message;
          setState((before) => ({ key, value: before.value, problem }));
        }
      }
      if (!abort.signal.aborted) timer = window.setTimeout(() => void run(), millis);
    };
    void run();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [key, millis]);
  return state;
}
