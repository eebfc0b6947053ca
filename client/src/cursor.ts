/** Keeps the place in the stream from which a connection resumes. */
export interface CursorStore {
  get(): string | null;
  /** Null forgets it. */
  set(cursor: string | null): void;
}

/** Resumes for as long as the page lives. */
export function memoryCursor(): CursorStore {
  let kept: string | null = null;
  return { get: () => kept, set: (cursor) => void (kept = cursor) };
}

/** Resumes after a reload as well. Each tab has its own. */
export function sessionCursor(key = 'bellhop.cursor', given?: Storage): CursorStore {
  const storage = () => given ?? sessionStorage; // not there where a server renders the page
  return {
    get: () => storage().getItem(key),
    set: (cursor) => (cursor === null ? storage().removeItem(key) : storage().setItem(key, cursor)),
  };
}
