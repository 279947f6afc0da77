import { fetchStorage } from './api.ts';
import { SECOND } from './moments.ts';
import { usePolling } from './use-polling.ts';

/** Room on the disk and what waits for the object store, in a line; what is wrong, in red. */
export function StorageLine() {
  const { value: storage } = usePolling('storage', 10 * SECOND, fetchStorage);
  if (!storage) return null;
  const [problem, ...others] = storage.problems;
  if (problem !== undefined) {
    return (
      <span className="problem" role="alert" title={storage.problems.join('\n')}>
        {problem}
        {others.length > 0 && ` (and ${others.length} more)`}
      </span>
    );
  }
  const waiting =
    storage.backlogBytes > 0 ? `${sizeText(storage.backlogBytes)} on their way` : 'all of it stored';
  return (
    <span className="summary" data-testid="storage">
      {sizeText(storage.freeBytes)} free{storage.store && `, bucket ${storage.store.bucket}: ${waiting}`}
    </span>
  );
}

const sizeText = (bytes: number): string =>
  bytes >= 1e12 ? `${(bytes / 1e12).toFixed(1)} TB` : `${(bytes / 1e9).toFixed(1)} GB`;
