import { useEffect, useState } from 'react';
import { failureText } from './api.ts';

export interface Polled<T> {
  readonly value: T | undefined;
  /** Why it could not be brought up to date; the last value stays. */
  readonly problem: string | undefined;
}

/**
 * Asks again `millis` after each answer, and at once when `key` changes; nothing is asked while the page is hidden.
 */
export function usePolling<T>(
  key: string,
  millis: number,
  ask: (signal: AbortSignal) => Promise<T>,
): Polled<T> {
  const [state, setState] = useState<Polled<T>>({ value: undefined, problem: undefined });
  useEffect(() => {
    const abort = new AbortController();
    let timer: number | undefined;
    const run = async (): Promise<void> => {
      if (!document.hidden) {
        try {
          const value = await ask(abort.signal);
          if (!abort.signal.aborted) setState({ value, problem: undefined });
        } catch (error) {
          if (abort.signal.aborted) return;
          setState((before) => ({ value: before.value, problem: failureText(error) }));
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
