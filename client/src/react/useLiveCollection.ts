'use client';

import { useMemo, useSyncExternalStore } from 'react';
import type { RealtimeClient } from '../client.js';
import { type CollectionOptions, type CollectionSnapshot, LiveCollection } from '../collection/LiveCollection.js';
import type { FilterOf, RecordOf, ResourceName } from '../collection/resources.js';
import { useRealtimeClient } from './context.js';

export interface UseLiveCollection<K extends ResourceName>
  extends
    CollectionSnapshot<RecordOf<K>>,
    Pick<LiveCollection<K>, 'refetch' | 'create' | 'update' | 'remove' | 'act'> {}

/** Collections by what they show, so that components that show the same share it; the last so many. */
const KEPT = 100;
const collections = new WeakMap<RealtimeClient, Map<string, unknown>>();

function collectionOf<K extends ResourceName>(
  client: RealtimeClient,
  resource: K,
  key: string,
  filter: FilterOf<K>,
  options: CollectionOptions,
): LiveCollection<K> {
  const known = collections.get(client) ?? new Map<string, unknown>();
  collections.set(client, known);
  const collection =
    (known.get(key) as LiveCollection<K> | undefined) ?? new LiveCollection(client, resource, filter, options);
  known.set(key, collection);
  if (known.size > KEPT) {
    const [oldest] = known.keys();
    known.delete(oldest as string); // whoever shows it has it still
  }
  return collection;
}

/** The records of a list, kept as they are on the server. `useLiveCollection('entities', { status: 'new' })`. */
export function useLiveCollection<K extends ResourceName>(
  resource: K,
  ...[filter, options = {}]: Record<never, never> extends FilterOf<K>
    ? [filter?: FilterOf<K>, options?: CollectionOptions]
    : [filter: FilterOf<K>, options?: CollectionOptions]
): UseLiveCollection<K> {
  const client = useRealtimeClient();
  const key = JSON.stringify([resource, Object.entries(filter ?? {}).sort(), options.limit]);
  const collection = useMemo(
    () => collectionOf(client, resource, key, (filter ?? {}) as FilterOf<K>, options),
    [client, key], // which says all that the filter and the options say
  );
  const snapshot = useSyncExternalStore(collection.subscribe, collection.getSnapshot, collection.getSnapshot);
  const { refetch, create, update, remove, act } = collection;
  return { ...snapshot, refetch, create, update, remove, act };
}
