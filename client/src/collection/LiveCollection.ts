import { type ApiRequest, ApiError, callApi, newTrace } from './api.js';
import type { RealtimeClient } from '../client.js';
import type { DomainEvent } from '../frames.js';
import {
  type Filter,
  type FilterOf,
  RESOURCES,
  type RecordOf,
  type Resource,
  type ResourceName,
  type Row,
  comparator,
  matches,
  rowOf,
} from './resources.js';

export interface CollectionSnapshot<R> {
  /** In the server's order. What was changed optimistically is shown as changed. */
  readonly items: readonly R[];
  /** `error` only while there is nothing to show; a refetch that failed leaves the items and sets `error`. */
  readonly status: 'loading' | 'ready' | 'error';
  readonly error: Error | null;
  readonly isFetching: boolean;
  /** There are more records than were fetched. */
  readonly hasMore: boolean;
  /** Ids of records with a change that the server has not confirmed. A new one has an id of its own until then. */
  readonly pending: ReadonlySet<string>;
}

export interface CollectionOptions {
  /** Records to fetch at most. Default 1,000. */
  limit?: number;
}

/** A change that is shown before the server has confirmed it. */
interface Change {
  id: string;
  traceId: string;
  /** Null removes the record. */
  patch: Record<string, unknown> | null;
}

const PAGE = 200;

/** Records that went and are remembered. */
const TOMBSTONES = 1000;

/** How long the first fetch waits for the connection: events that come first spare a second fetch. */
const CONNECT_MS = 2000;

/** For lists whose filter only the server can apply. */
const REFETCH_MS = 250;

/**
 * The records of one list, fetched once and kept by events. A record is taken when it is newer than the one that is held,
 * so that it does not matter which of fetch, event and answer comes first; what was deleted is remembered, so that an older
 * answer does not bring it back.
 */
export class LiveCollection<K extends ResourceName> {
  #client: RealtimeClient;
  #resource: Resource;
  #filter: Filter;
  #limit: number;
  #rows = new Map<string, Row>();
  /** Versions at which records went: an answer or event that is older must not bring them back. */
  #tombstones = new Map<string, number>();
  /** When a record was last heard of, on a clock that ticks with each fetch and event. */
  #heardAt = new Map<string, number>();
  #clock = 0;
  /** Fetches and writes whose answers may be older than events that came since. */
  #underWay = 0;
  #changes: Change[] = [];

  #watchers = new Set<() => void>();
  #stop: (() => void)[] = [];
  #snapshot: CollectionSnapshot<RecordOf<K>> = {
    items: [],
    status: 'loading',
    error: null,
    isFetching: false,
    hasMore: false,
    pending: new Set(),
  };
  #dirty = false;
  #hasMore = false;
  #error: Error | null = null;
  #loaded = false;
  /** The latest fetch; an older one counts no more. */
  #fetch = 0;
  #fetching: Promise<void> | null = null;
  #again = false;
  #later: ReturnType<typeof setTimeout> | undefined;

  constructor(client: RealtimeClient, resource: K, filter: FilterOf<K>, { limit = 1000 }: CollectionOptions = {}) {
    this.#client = client;
    this.#resource = RESOURCES[resource];
    this.#filter = { ...filter } as Filter;
    this.#limit = limit;
  }

  // ---- for those who look ----

  /** Calls back after every change of the snapshot. The first watcher starts the collection, the last one ends it. */
  subscribe = (watcher: () => void): (() => void) => {
    const own = () => watcher();
    this.#watchers.add(own);
    if (this.#stop.length === 0) {
      this.#start();
    }
    return () => {
      this.#watchers.delete(own);
      setTimeout(() => this.#watchers.size === 0 && this.#end());
    };
  };

  getSnapshot = (): CollectionSnapshot<RecordOf<K>> => this.#snapshot;

  #start(): void {
    const { upserts, deletes } = this.#resource;
    const { onMessage, getSnapshot } = this.#client;
    this.#stop = [
      ...upserts.map((type) => onMessage(type, (_, event) => this.#upserted(event))),
      ...deletes.map((type) => onMessage(type, (_, event) => this.#deleted(event))),
      onMessage('connected', ({ recovered }) => {
        if (!recovered) {
          void this.refetch(); // whatever happened before this has no event
        }
      }),
    ];
    if (getSnapshot().isConnected) {
      void this.refetch();
    } else {
      this.#later = setTimeout(() => void this.refetch(), CONNECT_MS);
    }
  }

  #end(): void {
    this.#stop.forEach((stop) => stop());
    this.#stop = [];
    clearTimeout(this.#later);
    this.#fetch++;
    this.#fetching = null;
    this.#again = this.#loaded = false;
    this.#rows.clear();
    this.#tombstones.clear();
    this.#publish();
  }

  // ---- fetching ----

  /** Fetches the list anew. What is shown stays until the answer is there. */
  refetch = (): Promise<void> => {
    clearTimeout(this.#later);
    if (this.#fetching) {
      this.#again = true; // the one under way may have read before what happened now
      return this.#fetching;
    }
    this.#fetching = this.#fetchAll(++this.#fetch).finally(() => {
      this.#fetching = null;
      this.#publish();
    });
    this.#publish();
    return this.#fetching;
  };

  async #fetchAll(turn: number): Promise<void> {
    do {
      this.#again = false;
      const since = ++this.#clock;
      try {
        const rows = await this.#during(
          () => this.#pages(turn),
          (read) => turn === this.#fetch && this.#merge(read, since),
        );
        if (turn !== this.#fetch) {
          return;
        }
        this.#hasMore = rows.more;
        this.#loaded = true;
        this.#error = null;
      } catch (error) {
        if (turn !== this.#fetch) {
          return;
        }
        this.#error = error instanceof Error ? error : new Error(String(error));
      }
    } while (this.#again);
  }

  async #pages(turn: number): Promise<{ rows: Row[]; more: boolean }> {
    const { inPath = [], path } = this.#resource;
    const rows: Row[] = [];
    let cursor: string | null = null;
    do {
      const query = new URLSearchParams({ limit: String(Math.min(PAGE, this.#limit - rows.length)) });
      for (const [name, value] of Object.entries(this.#filter)) {
        if (value !== undefined && !inPath.includes(name)) {
          query.set(name, value);
        }
      }
      if (cursor) {
        query.set('cursor', cursor);
      }
      const page: { items: Row[]; next_cursor?: string | null } = await callApi(
        this.#client,
        'GET',
        `${path(this.#filter)}?${query}`,
      );
      rows.push(...page.items);
      cursor = page.next_cursor ?? null;
    } while (cursor && rows.length < this.#limit && turn === this.#fetch);
    return { rows, more: cursor !== null };
  }

  /** @param since when the fetch began: what was heard of later is no part of its answer */
  #merge({ rows }: { rows: Row[] }, since: number): void {
    const listed = new Set(rows.map((row) => row.id));
    const isOlder = (id: string) => (this.#heardAt.get(id) ?? 0) <= since;
    for (const row of rows) {
      if (isOlder(row.id)) {
        this.#rows.set(row.id, row); // whatever its version: a restored database has counted back
      } else {
        this.#take(row, true);
      }
    }
    for (const id of this.#rows.keys()) {
      if (!listed.has(id) && isOlder(id)) {
        this.#rows.delete(id);
      }
    }
  }

  /** Runs something whose answer may be overtaken by events. */
  async #during<T>(work: () => Promise<T>, then: (result: T) => void): Promise<T> {
    this.#underWay++;
    try {
      const result = await work();
      then(result);
      return result;
    } finally {
      if (--this.#underWay === 0) {
        this.#heardAt.clear();
      }
      this.#publish();
    }
  }

  // ---- events ----

  #upserted(event: DomainEvent): void {
    const row = rowOf(this.#resource, event);
    if (row) {
      this.#apply(row);
      this.#settle(event);
    }
  }

  #apply(row: Row): void {
    const known = this.#rows.get(row.id);
    this.#heardAt.set(row.id, ++this.#clock);
    if (this.#resource.payload === 'whole') {
      this.#take(row);
      return;
    }
    if (known && (row.version === undefined || row.version > versionOf(known))) {
      this.#take({ ...known, ...row });
    }
    if (matches(row, this.#filter) !== false || known) {
      void this.#load(row.id);
    }
  }

  /** What an event leaves out. */
  async #load(id: string): Promise<void> {
    try {
      const path = `${this.#resource.path(this.#filter)}/${id}`;
      await this.#during(
        () => callApi<Row>(this.#client, 'GET', path),
        (row) => this.#take(row),
      );
    } catch (error) {
      // 404 and 403: gone since, or not for this user's eyes; then it is not in the list either.
      if (!(error instanceof ApiError && error.status < 500)) {
        this.#refetchLater();
      }
    }
  }

  #deleted(event: DomainEvent): void {
    const row = rowOf(this.#resource, event);
    if (row) {
      this.#bury(row.id, row.version ?? Infinity);
      this.#settle(event);
    }
  }

  /** Keeps a record if it is newer than what is known of it. */
  #take(row: Row, listed = false): void {
    const version = versionOf(row);
    const known = this.#rows.get(row.id);
    if (version <= (this.#tombstones.get(row.id) ?? -1) || (known && version < versionOf(known))) {
      return;
    }
    const fits = listed || matches(row, this.#filter);
    if (fits === false) {
      this.#bury(row.id, version);
    } else if (fits) {
      this.#tombstones.delete(row.id);
      this.#rows.set(row.id, row);
    } else {
      if (known) {
        this.#rows.set(row.id, row);
      }
      this.#refetchLater();
    }
    this.#publish();
  }

  #bury(id: string, version: number): void {
    this.#tombstones.delete(id);
    this.#tombstones.set(id, version);
    if (this.#tombstones.size > TOMBSTONES) {
      const [oldest] = this.#tombstones.keys();
      this.#tombstones.delete(oldest as string);
    }
    this.#heardAt.set(id, ++this.#clock);
    this.#rows.delete(id);
    this.#publish();
  }

  #refetchLater(): void {
    clearTimeout(this.#later);
    this.#later = setTimeout(() => void this.refetch(), REFETCH_MS);
  }

  /** Shows a record's own event instead of what was shown before it came. */
  #settle(event: DomainEvent): void {
    this.#changes = this.#changes.filter((change) => !event.traceparent?.includes(change.traceId));
    this.#publish();
  }

  // ---- writing ----

  /** Shows a new record at once, under an id that starts with `new-`, and creates it. */
  create = (draft: Record<string, unknown>): Promise<RecordOf<K>> => {
    const now = new Date().toISOString();
    const patch = { created_at: now, updated_at: now, ...draft };
    return this.#write(`new-${crypto.randomUUID()}`, patch, 'POST', this.#resource.path(this.#filter), { body: draft });
  };

  /** Shows a change at once and makes it: a JSON merge patch (RFC 7396). With `ifVersion` only if nobody was faster. */
  update = (id: string, patch: Record<string, unknown>, options: { ifVersion?: number } = {}): Promise<RecordOf<K>> =>
    this.#write(id, patch, 'PATCH', `${this.#resource.path(this.#filter)}/${id}`, { body: patch, ...options });

  /** Hides a record at once and deletes it. */
  remove = async (id: string, options: { ifVersion?: number } = {}): Promise<void> => {
    await this.#write(id, null, 'DELETE', `${this.#resource.path(this.#filter)}/${id}`, options);
  };

  /** Shows what an action will make of a record, and does it: `act(id, 'approve', {}, { status: 'approved' })`. */
  act = (
    id: string,
    action: string,
    body: Record<string, unknown> = {},
    shown: Record<string, unknown> = {},
  ): Promise<RecordOf<K>> =>
    this.#write(id, shown, 'POST', `${this.#resource.path(this.#filter)}/${id}/${action}`, { body });

  async #write(
    id: string,
    patch: Record<string, unknown> | null,
    method: string,
    path: string,
    request: ApiRequest,
  ): Promise<RecordOf<K>> {
    const { traceId, traceparent } = newTrace();
    const change: Change = { id, traceId, patch };
    this.#changes.push(change);
    this.#publish();
    try {
      const row = await this.#during(
        () => callApi<Row>(this.#client, method, path, { ...request, traceparent }),
        (answer) => {
          this.#forget(change); // in one with what takes its place
          if (method === 'DELETE') {
            this.#bury(id, Infinity);
          } else {
            this.#heardAt.set(answer.id, ++this.#clock);
            this.#take(answer);
          }
        },
      );
      return row as unknown as RecordOf<K>;
    } finally {
      this.#forget(change);
    }
  }

  #forget(change: Change): void {
    this.#changes = this.#changes.filter((other) => other !== change);
    this.#publish();
  }

  // ---- showing ----

  /** One snapshot for everything that happens in a turn of the event loop. */
  #publish(): void {
    if (!this.#dirty) {
      this.#dirty = true;
      queueMicrotask(() => {
        this.#dirty = false;
        this.#snapshot = {
          items: this.#shown() as unknown as RecordOf<K>[],
          status: this.#loaded ? 'ready' : this.#error ? 'error' : 'loading',
          error: this.#error,
          isFetching: this.#fetching !== null,
          hasMore: this.#hasMore,
          pending: new Set(this.#changes.map((change) => change.id)),
        };
        this.#watchers.forEach((watcher) => watcher());
      });
    }
  }

  #shown(): Row[] {
    const shown = new Map(this.#rows);
    for (const { id, patch } of this.#changes) {
      const row = shown.get(id);
      if (patch === null) {
        shown.delete(id);
      } else if (row || id.startsWith('new-')) {
        const changed = { ...(mergePatch(row ?? {}, patch) as Row), id };
        if (matches(changed, this.#filter) === false) {
          shown.delete(id);
        } else {
          shown.set(id, changed);
        }
      }
    }
    return [...shown.values()].sort(comparator(this.#filter.sort ?? this.#resource.order));
  }
}

function versionOf(row: Row): number {
  return row.version ?? 0;
}

function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) {
    return patch;
  }
  const merged: Record<string, unknown> = { ...(typeof target === 'object' ? target : {}) };
  for (const [name, value] of Object.entries(patch)) {
    merged[name] = value === null ? null : mergePatch(merged[name], value);
  }
  return merged;
}
