import { useSyncExternalStore } from 'react';

export interface Route {
  page: string;
  query: URLSearchParams;
}

/** `#/entities?q=ada` */
export function parse(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  return { page: path, query: new URLSearchParams(query) };
}

function watch(watcher: () => void): () => void {
  window.addEventListener('hashchange', watcher);
  return () => window.removeEventListener('hashchange', watcher);
}

export function useRoute(): Route {
  return parse(useSyncExternalStore(watch, () => window.location.hash));
}

export function link(page: string, query: Record<string, string> = {}): string {
  const text = new URLSearchParams(query).toString();
  return `#/${page}${text && `?${text}`}`;
}
